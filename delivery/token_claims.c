/* SPDX-License-Identifier: ISC */
/* Reading the middle part of a JWT (RFC 7519). */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "delivery/base64url.h"
#include "delivery/token_claims.h"
#include "delivery/token_text.h"

#define PAYLOAD_MAX (64 * 1024)

/* Exchange Online, as tokens name it: by its address or by its id. */
#define EXCHANGE_ID "00000002-0000-0ff1-ce00-000000000000"

/* A text, or a list of them joined by blanks; what does not fit stays out. */
static void
take(const json_t *claims, const char *name, char *out, size_t size)
{
	const json_t *v = json_object_get(claims, name);
	char one[512];
	size_t i, n = json_is_array(v) ? json_array_size(v) : 1;
	const char *text;

	for (i = 0; i < n; i++) {
		text = json_string_value(
		    json_is_array(v) ? json_array_get(v, i) : v);
		if (text == NULL)
			continue;
		token_text_put(one, sizeof(one), text, NULL);
		if (strlen(out) + 1 + strlen(one) >= size)
			return;
		if (out[0] != '\0')
			strlcat(out, " ", size);
		strlcat(out, one, size);
	}
}

void
token_claims_parse(const char *token, size_t n, struct token_claims *out)
{
	const char *from = memchr(token, '.', n), *end;
	struct buf b;
	json_t *claims = NULL;
	json_int_t exp;

	memset(out, 0, sizeof(*out));
	buf_init(&b, PAYLOAD_MAX);
	if (from != NULL &&
	    (end = memchr(from + 1, '.', n - (size_t)(from + 1 - token))) !=
		NULL &&
	    base64url_decode(&b, from + 1, (size_t)(end - from - 1)) == 0)
		claims = json_loadb(
		    buf_data(&b), b.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(claims)) {
		take(claims, "aud", out->aud, sizeof(out->aud));
		take(claims, "roles", out->roles, sizeof(out->roles));
		take(claims, "scp", out->scp, sizeof(out->scp));
		take(claims, "appid", out->appid, sizeof(out->appid));
		take(claims, "oid", out->oid, sizeof(out->oid));
		take(claims, "tid", out->tid, sizeof(out->tid));
		take(claims, "upn", out->upn, sizeof(out->upn));
		exp = json_integer_value(json_object_get(claims, "exp"));
		out->exp = exp < 0 ? 0 : exp;
	}
	json_decref(claims);
	buf_wipe(&b);
}

/* ---- doubts ---- */

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	for (p = list; (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') &&
		    (p[n] == '\0' || p[n] == ' '))
			return true;
	return false;
}

/* The host in an audience or a scope: "https://outlook.office365.com/..." */
static bool
is_exchange(const char *aud)
{
	static const char *const hosts[] = { "outlook.office.com",
		"outlook.office365.com", "outlook.office365.us",
		"outlook-dod.office365.us", "partner.outlook.cn" };
	const char *host = strncmp(aud, "https://", 8) == 0 ? aud + 8 : aud;
	size_t i, n;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		n = strlen(hosts[i]);
		if (strncmp(host, hosts[i], n) == 0 &&
		    (host[n] == '\0' || strcmp(host + n, "/") == 0))
			return true;
	}
	return has_word(aud, EXCHANGE_ID);
}

static void
doubt(struct token_granted *g, const char *text, const char *fix)
{
	strlcpy(g->doubt, text, sizeof(g->doubt));
	strlcpy(g->fix, fix, sizeof(g->fix));
}

/* With the permission Exchange looks for one on the mailbox. */
static void
doubt_rbac(struct token_granted *g)
{
	if (has_word(g->claims.roles, "SMTP.SendAsApp"))
		doubt(g,
		    "the token has the role SMTP.SendAsApp, with which "
		    "Exchange looks at no role assignment (account.app_rbac)",
		    "In Entra, under App registrations, API permissions: "
		    "remove SMTP.SendAsApp, and revoke its admin consent; or "
		    "set account.app_rbac = no, and give the application "
		    "FullAccess on the mailbox.");
}

void
token_claims_doubt(const struct token_ask *asked, struct token_granted *g)
{
	const struct token_claims *c = &g->claims;
	bool is_app = asked->grant != GRANT_REFRESH_TOKEN;

	if (!provider_is_office365(asked->provider) || c->aud[0] == '\0' ||
	    g->doubt[0] != '\0')
		return;
	if (!is_exchange(c->aud)) {
		doubt(g, "",
		    "Remove account.scope: the default asks for "
		    "Exchange Online.");
		snprintf(g->doubt, sizeof(g->doubt),
		    "the token is not for Exchange Online but for %s", c->aud);
	} else if (is_app && asked->app_rbac) {
		doubt_rbac(g);
	} else if (is_app && !has_word(c->roles, "SMTP.SendAsApp") &&
		   !has_word(c->roles, "Mail.Send")) {
		doubt(g,
		    "the token has no role SMTP.SendAsApp, which is right only "
		    "with a role assignment in Exchange (App RBAC) and "
		    "account.app_rbac = yes",
		    "In Entra, under App registrations, API permissions: add "
		    "the application permission SMTP.SendAsApp of Office 365 "
		    "Exchange Online, and grant admin consent; or make the "
		    "assignment by New-ManagementRoleAssignment, and set "
		    "account.app_rbac = yes.");
	} else if (!is_app && !has_word(c->scp, "SMTP.Send")) {
		doubt(g, "the token has no scope SMTP.Send",
		    "In Entra, under App registrations, API permissions: add "
		    "the delegated permission SMTP.Send, and remove "
		    "account.scope.");
	}
}
