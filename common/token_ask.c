/* SPDX-License-Identifier: ISC */
/* From an account's configuration to the request for a token. */
#include "config.h"

#include <string.h>

#include "common/proto_token.h"
#include "common/xalloc.h"

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static enum token_proof
proof_of(const struct conf_account *a)
{
	if (a->grant == GRANT_MANAGED_IDENTITY)
		return TOKEN_PROOF_NONE;
	if (a->grant == GRANT_FEDERATED)
		return TOKEN_PROOF_FEDERATED;
	if (a->certificate_file != NULL)
		return TOKEN_PROOF_CERTIFICATE;
	return a->client_secret_file != NULL ? TOKEN_PROOF_SECRET
					     : TOKEN_PROOF_NONE;
}

void
token_ask_of(const struct conf *conf, const struct conf_account *account,
    struct token_ask *a)
{
	memset(a, 0, sizeof(*a));
	a->account = xstrdup(account->name);
	a->provider = account->provider;
	a->grant = account->grant;
	a->proof = proof_of(account);
	a->assertion = account->assertion;
	a->app_rbac = account->app_rbac;
	a->token_url = copy(account->token_url);
	a->scope = copy(account->scope);
	a->client_id = copy(account->client_id);
	a->tenant = copy(account->tenant);
	a->user = copy(account->user);
	a->proxy = copy(account->proxy);
	a->ca_file = copy(account->tls_ca_file);
	a->family = account->family;
	a->sandbox = conf->sandbox;
	a->deadline_ms = TOKEN_DEADLINE_MS;
	a->connect_ms = TOKEN_CONNECT_MS;
	a->log_target = conf->log.target;
	a->log_level = (unsigned)conf->log.level;
}
