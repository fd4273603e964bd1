/* SPDX-License-Identifier: ISC */
/*
 * What a grant of OAuth needs.  A mistake here shows hours later as a refusal
 * by a server, in its words: whatever can be told from the values is told now,
 * with the place where the right one stands.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/conf_provider.h"
#include "common/conf_syntax.h"
#include "common/url.h"
#include "common/xalloc.h"

#define ALL_OF_IT "/.default"

static const char *const grant_names[] = { [GRANT_CREDENTIALS] =
					       "client_credentials",
	[GRANT_REFRESH_TOKEN] = "refresh_token",
	[GRANT_MANAGED_IDENTITY] = "managed_identity",
	[GRANT_FEDERATED] = "federated" };

/* ---- defaults ---- */

/* "https://outlook.office365.us/.default", for somebody who signs in. */
static char *
delegated_scope(const struct conf_provider *p)
{
	size_t n = strlen(p->scope) - strlen(ALL_OF_IT);

	if (p->provider == PROVIDER_OFFICE365)
		return xstrdup(
		    "https://outlook.office.com/SMTP.Send offline_access");
	return xasprintf("%.*s/SMTP.Send offline_access", (int)n, p->scope);
}

void
conf_grant_fill(const struct conf_check *k)
{
	struct conf_account *a = k->account;
	const struct conf_provider *p = conf_provider_get(a->provider);

	if (a->token_url == NULL && a->grant == GRANT_MANAGED_IDENTITY)
		a->token_url = xstrdup(URL_IMDS);
	else if (a->token_url == NULL && a->tenant != NULL &&
		 p->token_host != NULL)
		a->token_url = xasprintf("https://%s/%s/oauth2/v2.0/token",
		    p->token_host, a->tenant);
	if (a->scope == NULL && p->scope != NULL)
		a->scope = a->grant == GRANT_REFRESH_TOKEN ? delegated_scope(p)
							   : xstrdup(p->scope);
}

/* ---- single values ---- */

/* 8-4-4-4-12 hexadecimal digits */
static bool
is_guid(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-'
			? s[i] != '-'
			: s[i] == '\0' ||
			      strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	return s[i] == '\0';
}

/* Where a user signs in, the tenant may be found by who he is. */
static bool
is_common(const char *tenant)
{
	return strcmp(tenant, "common") == 0 ||
	       strcmp(tenant, "organizations") == 0 ||
	       strcmp(tenant, "consumers") == 0;
}

static void
check_tenant(const struct conf_check *k)
{
	const struct conf_account *a = k->account;

	if (a->tenant == NULL || !provider_is_office365(a->provider))
		return;
	if (is_common(a->tenant) && a->grant != GRANT_REFRESH_TOKEN)
		conf_check_note(k, CONF_ERROR, "tenant",
		    "tenant = %s does not work with %s; give the tenant's id "
		    "or domain",
		    a->tenant, grant_names[a->grant]);
	else if (!is_common(a->tenant) && !is_guid(a->tenant) &&
		 (strchr(a->tenant, '.') == NULL ||
		     !syntax_is_domain(a->tenant)))
		conf_check_note(k, CONF_ERROR, "tenant",
		    "\"%s\" is no tenant: give the Directory (tenant) ID, such "
		    "as 00000000-0000-0000-0000-000000000000, or a domain of "
		    "the tenant, such as contoso.onmicrosoft.com",
		    a->tenant);
}

static void
check_client_id(const struct conf_check *k)
{
	const struct conf_account *a = k->account;

	if (a->client_id == NULL || !provider_is_office365(a->provider) ||
	    is_guid(a->client_id))
		return;
	conf_check_note(k, CONF_ERROR, "client_id",
	    "\"%s\" is no client id: give the Application (client) ID that "
	    "Entra shows under App registrations, such as "
	    "00000000-0000-0000-0000-000000000000",
	    a->client_id);
}

static void
check_token_url(const struct conf_check *k)
{
	const struct conf_account *a = k->account;
	struct url u;
	struct err e;

	if (a->token_url == NULL) {
		if (!provider_is_office365(a->provider))
			conf_check_note(k, CONF_ERROR, "grant",
			    "grant %s needs token_url with this provider",
			    grant_names[a->grant]);
		return;
	}
	if (url_parse(a->token_url, &u, &e) == -1)
		conf_check_note(
		    k, CONF_ERROR, "token_url", "token_url: %s", e.text);
	else if (!u.is_https &&
		 (a->grant != GRANT_MANAGED_IDENTITY || !url_is_local(&u)))
		conf_check_note(k, CONF_ERROR, "token_url",
		    "token_url must begin with https: a secret goes there");
}

static void
check_proxy(const struct conf_check *k)
{
	struct url u;
	struct err e;

	if (k->account->proxy != NULL &&
	    url_parse(k->account->proxy, &u, &e) == -1)
		conf_check_note(k, CONF_ERROR, "proxy", "proxy: %s", e.text);
}

/* ---- what belongs together ---- */

static void
need(const struct conf_check *k, const char *option, const char *why)
{
	if (!conf_check_given(k, option))
		conf_check_note(
		    k, CONF_ERROR, "grant", "%s needs %s", why, option);
}

static void
check_needs(const struct conf_check *k)
{
	const struct conf_account *a = k->account;
	char *why = xasprintf("grant %s", grant_names[a->grant]);

	if (a->grant != GRANT_MANAGED_IDENTITY) {
		if (provider_is_office365(a->provider))
			need(k, "tenant", why);
		need(k, "client_id", why);
	}
	if (a->grant == GRANT_FEDERATED)
		need(k, "federated_token_file", why);
	if (a->grant == GRANT_CREDENTIALS &&
	    !conf_check_given(k, "certificate_file") &&
	    !conf_check_given(k, "client_secret_file"))
		conf_check_note(k, CONF_ERROR, "grant",
		    "%s needs client_secret_file, or certificate_file and "
		    "key_file",
		    why);
	if (a->scope == NULL)
		need(k, "scope", why);
	free(why);
}

static void
no_effect(const struct conf_check *k, const char *option, const char *why)
{
	if (conf_check_given(k, option))
		conf_check_note(k, CONF_WARNING, option,
		    "%s has no effect with %s", option, why);
}

/* One proof is used; another is believed to be. */
static void
check_proofs(const struct conf_check *k)
{
	const struct conf_account *a = k->account;
	bool is_by_file =
	    a->grant == GRANT_CREDENTIALS || a->grant == GRANT_REFRESH_TOKEN;
	static const char *const proofs[] = { "client_secret_file",
		"client_secret_expires", "certificate_file", "key_file",
		"assertion" };
	size_t i;

	for (i = 0; i < sizeof(proofs) / sizeof(proofs[0]) && !is_by_file; i++)
		no_effect(k, proofs[i], grant_names[a->grant]);
	if (a->grant != GRANT_FEDERATED)
		no_effect(k, "federated_token_file", grant_names[a->grant]);
	/* What a person may do is that person's. */
	if (a->grant == GRANT_REFRESH_TOKEN)
		no_effect(k, "app_rbac", grant_names[a->grant]);
	if (!is_by_file)
		return;
	if (a->certificate_file == NULL) {
		no_effect(k, "key_file", "no certificate_file");
		no_effect(k, "assertion", "no certificate_file");
		return;
	}
	need(k, "key_file", "certificate_file");
	no_effect(k, "client_secret_file", "certificate_file");
	no_effect(k, "client_secret_expires", "certificate_file");
}

void
conf_grant_check(const struct conf_check *k)
{
	check_needs(k);
	check_proofs(k);
	check_tenant(k);
	check_client_id(k);
	check_token_url(k);
	check_proxy(k);
}
