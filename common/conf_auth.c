/* SPDX-License-Identifier: ISC */
/*
 * How an account signs in: chosen by what is given, refused where it cannot
 * work or where it would show a credential to the network.
 */
#include "config.h"

#include <string.h>

#include "common/conf_priv.h"

/* Given any of these, an application's sign-in by OAuth is meant. */
static const char *const oauth_options[] = { "grant", "tenant", "client_id",
	"client_secret_file", "client_secret_expires", "certificate_file",
	"key_file", "assertion", "app_rbac", "federated_token_file",
	"token_url", "scope", "proxy" };
#define OAUTH_OPTIONS (sizeof(oauth_options) / sizeof(oauth_options[0]))

static bool
asks_for_oauth(const struct conf_check *k, const char *option)
{
	/* "proxy = none" and "app_rbac = no" ask for nothing. */
	if (strcmp(option, "proxy") == 0)
		return k->account->proxy != NULL;
	if (strcmp(option, "app_rbac") == 0)
		return k->account->app_rbac;
	return conf_check_given(k, option);
}

/* The first of them that is given, or NULL. */
static const char *
oauth_given(const struct conf_check *k)
{
	size_t i;

	for (i = 0; i < OAUTH_OPTIONS; i++)
		if (asks_for_oauth(k, oauth_options[i]))
			return oauth_options[i];
	return NULL;
}

/* Each at its own line: one that is taken in silence is believed to work. */
static void
warn_of_oauth(const struct conf_check *k, const char *why)
{
	size_t i;

	for (i = 0; i < OAUTH_OPTIONS; i++)
		if (asks_for_oauth(k, oauth_options[i]))
			conf_check_note(k, CONF_WARNING, oauth_options[i],
			    "%s has no effect%s", oauth_options[i], why);
}

static bool
password_given(const struct conf_check *k)
{
	return conf_check_given(k, "password_file") ||
	       conf_check_given(k, "password_command");
}

/* Nothing was said of auth: what is given decides. */
static void
choose(const struct conf_check *k)
{
	struct conf_account *a = k->account;
	bool oauth = oauth_given(k) != NULL;
	bool token = conf_check_given(k, "token_file");

	if (password_given(k) && (token || oauth))
		conf_check_note(k, CONF_ERROR, "auth",
		    "both a password and a token are given; choose by auth = "
		    "login, plain or xoauth2");
	if (token || oauth)
		a->auth = AUTH_XOAUTH2;
	else if (password_given(k))
		/* Exchange has LOGIN; elsewhere PLAIN saves a round trip. */
		a->auth = provider_is_office365(a->provider) ? AUTH_LOGIN
							     : AUTH_PLAIN;
	else if (provider_is_office365(a->provider)) {
		/* As if it were there: one complaint is enough. */
		a->auth = AUTH_LOGIN;
		conf_check_note(k, CONF_ERROR, "auth",
		    "there is nothing to sign in with; give tenant, client_id "
		    "and client_secret_file, or certificate_file and "
		    "key_file; or token_file, password_file or "
		    "password_command");
	}
}

static void
check_xoauth2(const struct conf_check *k)
{
	bool token = conf_check_given(k, "token_file");

	if (token)
		warn_of_oauth(k, ": token_file is used");
	else if (oauth_given(k) != NULL)
		conf_grant_check(k);
	else
		conf_check_note(k, CONF_ERROR, "auth",
		    "auth = xoauth2 needs tenant, client_id and what the "
		    "application proves itself by (client_secret_file, or "
		    "certificate_file and key_file), or token_file");
	if (password_given(k) && conf_check_given(k, "auth"))
		conf_check_note(k, CONF_WARNING, "auth",
		    "the password has no effect with auth = xoauth2");
}

static void
check_password(const struct conf_check *k)
{
	if (conf_check_given(k, "auth") && !password_given(k))
		conf_check_note(k, CONF_ERROR, "auth",
		    "auth needs password_file or password_command");
	if (conf_check_given(k, "password_file") &&
	    conf_check_given(k, "password_command"))
		conf_check_note(k, CONF_ERROR, "password_command",
		    "password_file and password_command are both given; keep "
		    "one");
	if (conf_check_given(k, "auth") && conf_check_given(k, "token_file"))
		conf_check_note(k, CONF_WARNING, "token_file",
		    "token_file has no effect with this auth");
	if (conf_check_given(k, "auth"))
		warn_of_oauth(k, " with this auth");
	if (k->account->auth == AUTH_PLAIN &&
	    provider_is_office365(k->account->provider))
		conf_check_note(k, CONF_ERROR, "auth",
		    "Exchange Online does not offer PLAIN; use auth = login or "
		    "xoauth2");
}

void
conf_check_auth(const struct conf_check *k)
{
	const struct conf_account *a = k->account;

	if (!conf_check_given(k, "auth"))
		choose(k);
	conf_grant_fill(k);
	if (a->auth == AUTH_XOAUTH2)
		check_xoauth2(k);
	else if (a->auth != AUTH_NONE)
		check_password(k);
	else if (provider_is_office365(a->provider))
		conf_check_note(k, CONF_ERROR, "auth",
		    "Exchange Online submission needs a sign-in; auth = none "
		    "is for provider = smtp");
	else {
		if (password_given(k) || conf_check_given(k, "token_file"))
			conf_check_note(k, CONF_WARNING, "auth",
			    "auth = none: the credential given has no effect");
		warn_of_oauth(k, " with auth = none");
	}
	if (a->auth != AUTH_NONE && a->tls == TLS_NONE)
		conf_check_note(k, CONF_ERROR, "tls",
		    "with tls = none nothing signs in: credentials travel over "
		    "verified TLS alone");
}

bool
conf_asks_tokens(const struct conf_account *a)
{
	return a->auth == AUTH_XOAUTH2 && a->token_file == NULL;
}
