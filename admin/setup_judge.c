/* SPDX-License-Identifier: ISC */
/*
 * Which step is missing: by what the access token says of itself, by what the
 * token endpoint refused, and by what Exchange replied to AUTH.  Pure.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/setup.h"
#include "common/conf_syntax.h"

#define LATE \
	"Changes in Exchange Online take up to an hour: what you have just " \
	"done may be right already."

/* ---- answers ------------------------------------------------------------- */

const char *
setup_wrong_address(const char *s)
{
	return syntax_is_address(s) ? NULL
				    : "that is no address, such as "
				      "alerts@contoso.com";
}

/* "00000000-0000-0000-0000-000000000000" */
static bool
is_guid(const char *s)
{
	size_t i;

	for (i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (strchr("0123456789abcdefABCDEF", s[i]) == NULL ||
			   s[i] == '\0') {
			return false;
		}
	}
	return s[36] == '\0';
}

const char *
setup_wrong_id(const char *s)
{
	return is_guid(s) ? NULL
			  : "that is no id: 36 characters, as in "
			    "11111111-2222-3333-4444-555555555555";
}

const char *
setup_wrong_tenant(const char *s)
{
	if (is_guid(s))
		return NULL;
	if (strcasecmp(s, "common") == 0 || strcasecmp(s, "organizations") == 0)
		return "it has to be one tenant: its id, or one of its domains";
	return syntax_is_domain(s) && strchr(s, '.') != NULL
		   ? NULL
		   : "that is neither an id nor a domain, such as "
		     "contoso.onmicrosoft.com";
}

const char *
setup_wrong_date(const char *s)
{
	return strcmp(s, "none") == 0 || syntax_is_date(s)
		   ? NULL
		   : "that is no date, such as 2028-11-30; or none";
}

const char *
setup_wrong_host(const char *s)
{
	return syntax_is_hostport(s) ? NULL : "that is no name of a host";
}

const char *
setup_wrong_port(const char *s)
{
	uint64_t v;

	return syntax_read_number(s, &v) == 0 && v >= 1 && v <= 65535
		   ? NULL
		   : "a number from 1 to 65535";
}

const char *
setup_wrong_tls(const char *s)
{
	return strcmp(s, "starttls") == 0 || strcmp(s, "implicit") == 0
		   ? NULL
		   : "starttls or implicit";
}

const char *
setup_wrong_auth(const char *s)
{
	return strcmp(s, "plain") == 0 || strcmp(s, "login") == 0
		   ? NULL
		   : "plain or login";
}

const char *
setup_wrong_path(const char *s)
{
	return s[0] == '/' ? NULL : "a path from / on";
}

/* ---- findings ------------------------------------------------------------ */

static void __attribute__((format(printf, 3, 4)))
find(struct setup_finding *f, const char *step, const char *fmt, ...)
{
	va_list ap;

	memset(f, 0, sizeof(*f));
	strlcpy(f->step, step, sizeof(f->step));
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 2, 3)))
fix(struct setup_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->fix, sizeof(f->fix), fmt, ap);
	va_end(ap);
}

/* A list of words, as a claim has it. */
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

/* ---- the token's claims -------------------------------------------------- */

static bool
judge_app(const struct setup_answers *a, const struct token_claims *c,
    struct setup_finding *f)
{
	bool has_role = has_word(c->roles, "SMTP.SendAsApp");

	if (a->right == RIGHT_ROLE && has_role) {
		find(f, "API permissions",
		    "The token holds the permission SMTP.SendAsApp, so "
		    "Exchange "
		    "asks for a permission on the mailbox and looks at no "
		    "role.");
		fix(f,
		    "In Entra, App registrations, %s, API permissions: remove "
		    "SMTP.SendAsApp, and revoke its admin consent.",
		    a->client_id == NULL ? "the application" : a->client_id);
		return false;
	}
	if (a->right == RIGHT_PERMISSION && !has_role) {
		find(f, "API permissions, and admin consent",
		    "The token lacks SMTP.SendAsApp; its roles are: %s.",
		    c->roles[0] == '\0' ? "none" : c->roles);
		if (a->way == WAY_MANAGED)
			fix(f,
			    "Assign the role to the identity, by the lines of "
			    "the next step, and try again.");
		else
			fix(f,
			    "In Entra, App registrations, %s, API permissions: "
			    "add the Application permission SMTP.SendAsApp of "
			    "Office 365 Exchange Online (not the Delegated "
			    "one, "
			    "not Microsoft Graph's), and press Grant admin "
			    "consent.",
			    a->client_id);
		return false;
	}
	return true;
}

bool
setup_judge_claims(const struct setup_answers *a, const struct token_granted *g,
    struct setup_finding *f)
{
	const struct token_claims *c = &g->claims;

	memset(f, 0, sizeof(*f));
	/* What cannot be read says nothing; Exchange will. */
	if (c->aud[0] == '\0')
		return true;
	/* By its name, or by its id, which is the same in each tenant. */
	if (strstr(c->aud, "outlook") == NULL &&
	    strcmp(c->aud, EXCHANGE_APP) != 0) {
		find(f, "the scope",
		    "The token is for %s, not for Exchange Online.", c->aud);
		fix(f, "Take account.scope out of the configuration.");
		return false;
	}
	if (WAY_IS_APP(a->way))
		return judge_app(a, c, f);
	if (!has_word(c->scp, "SMTP.Send")) {
		find(f, "API permissions",
		    "The sign-in granted no SMTP.Send; its scope is: %s.",
		    c->scp[0] == '\0' ? "none" : c->scp);
		fix(f,
		    "In Entra, App registrations, %s, API permissions: add the "
		    "Delegated permission SMTP.Send of Office 365 Exchange "
		    "Online, and sign in again.",
		    a->client_id);
		return false;
	}
	return true;
}

/* ---- the token endpoint -------------------------------------------------- */

static const char *
step_of(const struct token_failed *x)
{
	static const struct {
		uint64_t aadsts;
		const char *step;
	} steps[] = {
		{ 90002, "the tenant's name, and the cloud" },
		{ 900382, "the cloud" },
		{ 90038, "the cloud" },
		{ 700016, "App registration" },
		{ 7000112, "App registration" },
		{ 70001, "App registration" },
		{ 7000215, "the client secret" },
		{ 7000222, "the client secret" },
		{ 7000218, "public client flows" },
		{ 700027, "Upload certificate" },
		{ 700030, "Upload certificate" },
		{ 700211, "Federated credentials" },
		{ 700212, "Federated credentials" },
		{ 700213, "Federated credentials" },
		{ 700024, "the clock" },
		{ 500011, "Exchange Online" },
		{ 65001, "admin consent" },
		{ 53003, "Conditional Access" },
		{ 530032, "the tenant's security policy" },
		{ 530035, "the tenant's security policy" },
	};
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].aadsts == x->aadsts)
			return steps[i].step;
	if (strcmp(x->error, "authorization_declined") == 0 ||
	    strcmp(x->error, "expired_token") == 0)
		return "signing in with the code";
	return x->aadsts == 0 ? "the way to the token endpoint"
			      : "getting a token";
}

/* Here it is a person who asks, and who may try again. */
static void
fix_token(struct setup_finding *f, const struct token_failed *x)
{
	size_t n = strlen(TOKEN_FIX_AGAIN);

	if (strcmp(x->fix, TOKEN_FIX_MEND) == 0)
		fix(f, "Mend what the text names, then try again.");
	else if (strncmp(x->fix, TOKEN_FIX_AGAIN, n) == 0)
		fix(f, "Try again. %s", x->fix + n);
	else
		fix(f, "%s", x->fix);
}

void
setup_judge_failed(const struct setup_answers *a, const struct token_failed *x,
    struct setup_finding *f)
{
	(void)a;
	find(f, step_of(x), "%s%s%s", x->meaning,
	    x->meaning[0] == '\0' ? "" : "\n", x->text);
	fix_token(f, x);
	f->may_be_late =
	    x->aadsts == 700016 || x->aadsts == 700027 || x->aadsts == 7000215;
}

/* ---- the mail server ------------------------------------------------------
 */

static void
judge_5_7_3(const struct setup_answers *a, struct setup_finding *f)
{
	if (WAY_IS_APP(a->way) && a->right == RIGHT_ROLE) {
		find(f, "New-ServicePrincipal, or New-ManagementRoleAssignment",
		    "Exchange does not let this application in, and does not "
		    "say which of the two it misses.");
	} else if (WAY_IS_APP(a->way)) {
		find(f, "New-ServicePrincipal, or Add-MailboxPermission",
		    "The token is right: Entra's steps are done. Exchange does "
		    "not let this application into %s, and does not say which "
		    "of the two it misses.",
		    a->user);
	} else {
		find(f, "the mailbox's permission",
		    "Exchange does not let whoever signed in into %s: it is "
		    "not "
		    "the own mailbox, and there is no FullAccess on it; or it "
		    "has no licence.",
		    a->user);
	}
	f->may_be_late = true;
}

/* What the server said, as it said it: support asks for it. */
static void
add_reply(struct setup_finding *f, const struct job_result *r)
{
	size_t n = strlen(r->status);
	const char *text = r->text;

	if (n > 0 && strncmp(text, r->status, n) == 0 && text[n] == ' ')
		text += n + 1;
	n = strlen(f->text);
	if (r->code > 0)
		snprintf(f->text + n, sizeof(f->text) - n, "%s%u %s %s",
		    n == 0 ? "" : "\n", r->code, r->status, text);
	else
		snprintf(f->text + n, sizeof(f->text) - n, "%s%s",
		    n == 0 ? "" : "\n", text);
}

void
setup_judge_sign_in(const struct setup_answers *a, const struct job_result *r,
    struct setup_finding *f)
{
	if (r->code == 535 && strcmp(r->status, "5.7.3") == 0 &&
	    a->way != WAY_PASSWORD) {
		judge_5_7_3(a, f);
	} else if (strcasestr(r->text,
		       "SmtpClientAuthentication is disabled") != NULL) {
		find(f, "Set-CASMailbox",
		    "SMTP AUTH is switched off for the %s; the switch is for "
		    "tokens as for passwords.",
		    strcasestr(r->text, "for the Mailbox") != NULL
			? "mailbox"
			: "tenant, and the mailbox says nothing else");
		f->may_be_late = true;
	} else if (r->code == 535 || r->code == 550 || r->code == 530) {
		find(f, "signing in", "%s", r->meaning);
	} else {
		find(f, "the way to the mail server", "%s", r->meaning);
	}
	add_reply(f, r);
	if (f->may_be_late)
		fix(f,
		    "Run those of the lines above that you have not run, and "
		    "compare each value. " LATE);
	else
		fix(f, "%s", r->fix);
}
