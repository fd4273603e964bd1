/* SPDX-License-Identifier: ISC */
/*
 * What is told of an end: what ends, when, for which account or listener, what
 * follows from it, and what to do, with the names of this tenant and of this
 * host.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/secret_rule.h"
#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/expiry.h"

#define SPAN_MAX 48
#define DATE_MAX 24

static const char *
known(const char *s, const char *otherwise)
{
	return s == NULL || *s == '\0' ? otherwise : s;
}

static void
format_date(int64_t at, char out[DATE_MAX])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, DATE_MAX, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		strlcpy(out, "a day", DATE_MAX);
}

/* "ends in 9 days", "ends within a day", "has ended" */
static void
format_span(int64_t at, int64_t now, char out[SPAN_MAX])
{
	int64_t days = expiry_days(at, now);

	if (at <= now)
		strlcpy(out, "has ended", SPAN_MAX);
	else if (days == 0)
		strlcpy(out, "ends within a day", SPAN_MAX);
	else
		snprintf(out, SPAN_MAX, "ends in %lld day%s", (long long)days,
		    days == 1 ? "" : "s");
}

static char *
name_of(const struct expiry_subject *s, enum expiry_what what)
{
	const struct conf_account *a = s->account;

	switch (what) {
	case EXPIRY_REFRESH:
		return xasprintf(
		    "the refresh token of %s", known(a->user, "the mailbox"));
	case EXPIRY_SECRET:
		return xasprintf("the client secret of application %s",
		    known(a->client_id, "?"));
	case EXPIRY_CERTIFICATE:
		return xasprintf("the certificate of application %s",
		    known(a->client_id, "?"));
	case EXPIRY_LISTENER:
		return xasprintf(
		    "the certificate of listener %s", s->listener->name);
	case EXPIRY_PASSWORD:
	case EXPIRY_WHATS:
		break;
	}
	return xasprintf(
	    "sign-in with a password for %s", known(a->user, "the mailbox"));
}

static const char *
meaning_of(enum expiry_what what)
{
	switch (what) {
	case EXPIRY_REFRESH:
		return "It dies when it is not used for 90 days. Without it no "
		       "access token can be had, and the account's mail waits.";
	case EXPIRY_SECRET:
	case EXPIRY_CERTIFICATE:
		return "Without it no access token can be had, and the "
		       "account's mail waits.";
	case EXPIRY_LISTENER:
		return "A device that checks certificates sends no mail by "
		       "this listener from then on; one that does not goes on.";
	case EXPIRY_PASSWORD:
	case EXPIRY_WHATS:
		break;
	}
	return "Exchange Online switches passwords off for SMTP AUTH, by "
	       "default, at the end of December 2026. An administrator can "
	       "switch them on again until they are removed, at a date that "
	       "Microsoft wants to name in the second half of 2027.";
}

static char *
fix_secret(const struct conf *conf, const struct conf_account *a)
{
	char *path = secret_path(conf, a->client_secret_file);
	char *fix = xasprintf(
	    "In Entra (tenant %s), under App registrations, %s, "
	    "Certificates & secrets: make a new client secret, and "
	    "write its Value (not its Secret ID) to %s. Then set "
	    "client_secret_expires in %s to its date, and run "
	    "mailchute check",
	    known(a->tenant, "?"), known(a->client_id, "?"), path, conf->path);

	free(path);
	return fix;
}

static char *
fix_certificate(const struct conf *conf, const struct conf_account *a)
{
	char *cert = secret_path(conf, a->certificate_file);
	char *key = secret_path(
	    conf, a->key_file != NULL ? a->key_file : a->certificate_file);
	char *fix = xasprintf(
	    "Make a new key and certificate; in Entra (tenant %s), under App "
	    "registrations, %s, Certificates & secrets: upload the new "
	    "certificate beside the old one. Then write the two to %s and %s, "
	    "and run mailchute check",
	    known(a->tenant, "?"), known(a->client_id, "?"), cert, key);

	free(cert);
	free(key);
	return fix;
}

static char *
fix_listener(const struct conf *conf, const struct conf_listen *l)
{
	char *cert = secret_path(conf, l->certificate_file);
	char *key = secret_path(conf, l->key_file);
	char *fix = xasprintf("Renew the certificate: write it, with the chain "
			      "behind it, and its "
			      "key to %s and %s, then: systemctl reload "
			      "mailchuted, or: kill -HUP "
			      "of it",
	    cert, key);

	free(cert);
	free(key);
	return fix;
}

static char *
fix_of(const struct conf *conf, const struct expiry_subject *s,
    enum expiry_what what, bool is_over)
{
	const struct conf_account *a = s->account;

	switch (what) {
	case EXPIRY_REFRESH:
		return is_over ? xasprintf("Sign in again as %s: mailchute "
					   "setup",
				     known(a->user, "the mailbox"))
			       : xstrdup("See why it is not used: mailchute "
					 "check");
	case EXPIRY_SECRET:
		return fix_secret(conf, a);
	case EXPIRY_CERTIFICATE:
		return fix_certificate(conf, a);
	case EXPIRY_LISTENER:
		return fix_listener(conf, s->listener);
	case EXPIRY_PASSWORD:
	case EXPIRY_WHATS:
		break;
	}
	return xstrdup("Let the account sign in by OAuth: mailchute setup");
}

void
expiry_describe(const struct conf *conf, const struct expiry_subject *s,
    enum expiry_what what, const struct expiry *x, int64_t now,
    struct expiry_words *w)
{
	char span[SPAN_MAX], date[DATE_MAX], *name = name_of(s, what);

	format_span(x->at, now, span);
	format_date(x->at, date);
	w->title = xasprintf("%s %s", name, span);
	if (s->account == NULL)
		w->text = xasprintf("%s %s, on %s", name, span, date);
	else
		w->text = xasprintf("%s (account %s) %s, on %s", name,
		    account_shown_name(s->account), span, date);
	w->meaning = xstrdup(meaning_of(what));
	w->fix = fix_of(conf, s, what, x->at <= now);
	free(name);
}

void
expiry_words_clear(struct expiry_words *w)
{
	free(w->title);
	free(w->text);
	free(w->meaning);
	free(w->fix);
	memset(w, 0, sizeof(*w));
}
