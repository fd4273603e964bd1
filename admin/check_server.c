/* SPDX-License-Identifier: ISC */
/*
 * The doctor has mailchuted sign in by each account, and tells the steps to the
 * server one by one, up to the one that failed.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin/check.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"

/* Some addresses, 30 s each, and a step of JOB_PATIENCE_MS. */
#define PATIENCE_MS 180000
#define CERT_SOON_S (7 * 86400)

enum step {
	STEP_NAME, /* of the host, at the name service */
	STEP_CONNECT,
	STEP_TLS,
	STEP_EHLO,
	STEP_AUTH,
	STEP_SEND, /* the envelopes that were said, and taken back */
	STEPS
};

static const char *const names[STEPS] = { "name service", "connection", "TLS",
	"EHLO", "sign-in", "Send As" };

/* At which step it failed; STEPS: at none. */
static enum step
failed_at(const struct ctl_session *s)
{
	static const struct {
		const char *phase;
		enum step step;
	} phases[] = { { "greeting", STEP_CONNECT }, { "EHLO", STEP_EHLO },
		{ "STARTTLS", STEP_TLS }, { "TLS handshake", STEP_TLS },
		{ "AUTH", STEP_AUTH } };
	size_t i;

	if (s->phase == NULL)
		return STEPS;
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (strcmp(phases[i].phase, s->phase) == 0)
			return phases[i].step;
	/* 4.4.3 and 4.4.4, as delivery/resolve.h has them. */
	if (s->status != NULL && (strcmp(s->status, "4.4.3") == 0 ||
				     strcmp(s->status, "4.4.4") == 0))
		return STEP_NAME;
	return STEP_CONNECT;
}

static bool
is_late(const struct ctl_session *s)
{
	return strstr(s->text, "timed out") != NULL;
}

/* The connection is there, and more does not come of it. */
static const char *
who_is_silent(const struct ctl_session *s, enum step step)
{
	if (!is_late(s))
		return "";
	if (step == STEP_CONNECT)
		return " - the connection is taken, and nobody says a word: "
		       "that port may begin with TLS, as 465 does (then "
		       "account.tls = implicit), or something on the way keeps "
		       "the server's words back";
	if (step == STEP_TLS)
		return " - small packets arrive and the large ones that bring "
		       "the certificates do not: a way with a smaller MTU (a "
		       "VPN, PPPoE) that does not say so, or something on the "
		       "way that looks into TLS";
	return "";
}

/* What the way in which a connection failed tells of who stops it. */
static const char *
who_blocks(const struct ctl_session *s, enum step step)
{
	if (s->text == NULL)
		return "";
	if (step != STEP_CONNECT || strcmp(s->phase, "greeting") == 0)
		return who_is_silent(s, step);
	if (strstr(s->text, "refused") != NULL)
		return " - the host answers, but nothing takes connections on "
		       "that port, or a firewall refuses them";
	if (is_late(s))
		return " - nothing answers at all: a firewall, or the "
		       "provider of this host's network, drops what goes out "
		       "to that port; many close 25, some 587";
	if (strstr(s->text, "No route to host") != NULL ||
	    strstr(s->text, "unreachable") != NULL)
		return " - this host has no way there: no default route, no "
		       "network, or none for IPv6 (then account.family = ipv4)";
	return "";
}

static const struct conf_account *
account_of(const struct check *k, const struct ctl_session *s)
{
	const struct conf_account *a;
	size_t i;

	for (i = 0; i < k->conf->naccounts; i++) {
		a = &k->conf->accounts[i];
		/* The plain account is shown by its mailbox. */
		if (strcmp(a->name, s->account) == 0 ||
		    (a->name[0] == '\0' && a->user != NULL &&
			strcmp(a->user, s->account) == 0))
			return a;
	}
	return NULL;
}

/* Does TLS begin with the first octet? */
static bool
is_implicit(const struct check *k, const struct ctl_session *s)
{
	const struct conf_account *a = account_of(k, s);

	return a != NULL && a->tls == TLS_IMPLICIT;
}

/* What to run to see it without mailchute; to be freed, or NULL. */
static char *
try_by_hand(const struct check *k, const struct ctl_session *s, enum step step)
{
	const char *port = s->address == NULL ? NULL : strrchr(s->address, ':');

	if (s->relay == NULL)
		return NULL;
	if (step == STEP_NAME)
		return xasprintf("Try by hand: getent hosts %s", s->relay);
	if (port == NULL)
		return NULL;
	if (step == STEP_CONNECT && s->phase != NULL &&
	    strcmp(s->phase, "greeting") == 0)
		return xasprintf("Try by hand: nc %s %s (a line that begins "
				 "with 220 is to come)",
		    s->relay, port + 1);
	if (step == STEP_CONNECT)
		return xasprintf(
		    "Try by hand, here and on another host: nc -vz %s %s",
		    s->relay, port + 1);
	if (step == STEP_TLS)
		return xasprintf("To see the certificate: openssl s_client "
				 "%s-connect %s:%s </dev/null",
		    is_implicit(k, s) ? "" : "-starttls smtp ", s->relay,
		    port + 1);
	return NULL;
}

static bool
is_id(const char *s)
{
	return s != NULL && *s != '\0' &&
	       strspn(s, "0123456789abcdefABCDEF-") == strlen(s);
}

/* High Volume Email has a permission of its own. */
static bool
is_for_hve(const struct ctl_token *t)
{
	return t != NULL && t->roles != NULL &&
	       strstr(t->roles, "Mail.Send") != NULL &&
	       strstr(t->roles, "SMTP.SendAsApp") == NULL;
}

/*
 * An application that was refused: mostly a wrong object id was told to
 * Exchange.  The token has the right one.
 */
static char *
try_permissions(const struct check *k, const struct ctl_session *s)
{
	const struct ctl_token *t = check_token_of(k, s->account);
	const struct conf_account *a = account_of(k, s);

	if (is_for_hve(t) && (s->code == 535 || s->code == 550) &&
	    is_id(t->oid))
		return xasprintf("In Exchange Online PowerShell: "
				 "Add-HVEAppAccess -AppIds %s (the object id "
				 "of the Enterprise application)",
		    t->oid);
	if (t == NULL || s->code != 535 || s->user == NULL ||
	    strcmp(t->grant, "refresh_token") == 0 || !is_id(t->appid) ||
	    !is_id(t->oid))
		return NULL;
	if (a != NULL && a->app_rbac)
		return xasprintf(
		    "In Exchange Online PowerShell: Get-ServicePrincipal "
		    "-Identity %s | Format-List AppId,ObjectId (it must be "
		    "there, with ObjectId %s); "
		    "Test-ServicePrincipalAuthorization -Identity %s -Resource "
		    "%s (Application SMTP.SendAsApp must be in scope)",
		    t->appid, t->oid, t->appid, s->user);
	return xasprintf(
	    "In Exchange Online PowerShell: Get-ServicePrincipal -Identity %s "
	    "| Format-List AppId,ObjectId (it must be there, with ObjectId "
	    "%s); Get-MailboxPermission -Identity %s -User %s (it must list "
	    "FullAccess)",
	    t->appid, t->oid, s->user, t->oid);
}

static void
say_failure(struct check *k, const char *what, const struct ctl_session *s,
    enum step step)
{
	char front[CHECK_FRONT], *more, *next;

	more =
	    step == STEP_AUTH ? try_permissions(k, s) : try_by_hand(k, s, step);
	next = xasprintf("%s%s%s", s->fix == NULL ? "" : s->fix,
	    s->fix == NULL || more == NULL ? "" : " ",
	    more == NULL ? "" : more);
	check_reply(s->code, s->status, s->text, front);
	check_say(k, CHECK_FAIL, what,
	    next[0] == '\0' ? "mailchute status" : next, "%s%s%s%s%s", front,
	    s->text == NULL ? "" : s->text, s->meaning == NULL ? "" : " - ",
	    s->meaning == NULL ? "" : s->meaning, who_blocks(s, step));
	free(next);
	free(more);
}

/* It shows less than one would like: see delivery/probe.h. */
static void
say_probe(struct check *k, const char *what, const struct ctl_session *s)
{
	const struct ctl_probe *p = &s->probe;
	char front[CHECK_FRONT];

	if (p->sender != NULL) {
		check_reply(p->code, p->status, p->text, front);
		check_say(k, CHECK_FAIL, what,
		    p->fix == NULL ? "correct account.senders" : p->fix,
		    "mail from %s is refused at %s: %s%s%s%s", p->sender,
		    p->phase == NULL ? "?" : p->phase, front,
		    p->text == NULL ? "" : p->text,
		    p->meaning == NULL ? "" : " - ",
		    p->meaning == NULL ? "" : p->meaning);
	} else if (p->took != NULL) {
		check_say(k, CHECK_OK, what, NULL,
		    "mail from %s may begin (MAIL, RCPT, then RSET: none was "
		    "sent); Exchange Online judges the sender only after the "
		    "message: mailchute check --send ADDRESS shows that, too",
		    p->took);
	} else if (s->user != NULL && strchr(s->user, '@') != NULL) {
		check_say(k, CHECK_OK, what, NULL,
		    "not tried: a session was there already, which carries "
		    "mail");
	}
}

static void
say_tls(struct check *k, const char *what, const struct ctl_session *s)
{
	char until[TEXT_TIME] = "?";
	bool is_soon =
	    s->cert_until != 0 && s->cert_until - clock_wall() < CERT_SOON_S;

	if (s->tls == NULL) {
		check_say(
		    k, CHECK_OK, what, NULL, "none, to a server on this host");
		return;
	}
	if (s->cert_until != 0)
		text_utc_time(s->cert_until, until);
	check_say(k, is_soon ? CHECK_WARN : CHECK_OK, what,
	    is_soon ? "have the server's certificate renewed" : NULL,
	    "%s, %s; the certificate's chain and name are right; issued by "
	    "%s, until %s",
	    s->tls, s->cipher == NULL ? "?" : s->cipher,
	    s->issuer == NULL ? "?" : s->issuer, until);
}

static void
say_well(struct check *k, const char *what, const struct ctl_session *s,
    enum step step)
{
	switch (step) {
	case STEP_NAME:
		check_say(k, CHECK_OK, what, NULL, "has the host's address");
		break;
	case STEP_CONNECT:
		check_say(k, s->said == NULL ? CHECK_OK : CHECK_WARN, what,
		    s->said == NULL ? NULL : "see to the addresses that failed",
		    "%s at %s%s%s", s->relay == NULL ? "?" : s->relay,
		    s->address == NULL ? "?" : s->address,
		    s->said == NULL ? "" : "; not by ",
		    s->said == NULL ? "" : s->said);
		break;
	case STEP_TLS:
		say_tls(k, what, s);
		break;
	case STEP_EHLO:
		check_say(k, CHECK_OK, what, NULL, "offers %s",
		    s->offers == NULL ? "nothing" : s->offers);
		break;
	case STEP_AUTH:
		check_say(k, CHECK_OK, what, NULL, "%s%s",
		    s->user == NULL ? "none is asked for" : "accepted: ",
		    s->user == NULL ? "" : s->user);
		break;
	case STEP_SEND:
		say_probe(k, what, s);
		break;
	case STEPS:
		break;
	}
}

void
check_session(struct check *k, const struct ctl_session *s)
{
	enum step step, failed = failed_at(s);
	char *what;

	check_token(k, s);
	check_greeting(k, s);
	if (s->phase != NULL && strcmp(s->phase, "token") == 0)
		return; /* no server was asked */
	for (step = STEP_NAME; step < STEPS && step <= failed; step++) {
		what = xasprintf(
		    "%s of account %s", names[step], text_account(s->account));
		if (step == failed)
			say_failure(k, what, s, step);
		else
			say_well(k, what, s, step);
		free(what);
	}
}

static int
take_row(void *arg, const struct frame *f, struct err *e)
{
	struct check *k = arg;
	struct ctl_session s;

	if (f->type == CTL_TOKEN)
		return report_take_token(&k->asked, f, e);
	if (f->type == CTL_EXPIRY)
		return report_take_expiry(&k->asked, f, e);
	if (f->type != CTL_SESSION)
		return 0;
	if (ctl_get_session(f, &s, e) == -1)
		return -1;
	check_session(k, &s);
	ctl_session_clear(&s);
	return 0;
}

static const char *
who_may(const struct ctl_answer *a)
{
	if (a->status != EX_NOPERM && a->status != EX_UNAVAILABLE)
		return "mend what it says, then: mailchute check";
	return a->is_daemon ? "run it as root, or join queue.admin_group"
			    : "run it as root";
}

void
check_server(struct check *k)
{
	const struct ctl_request request = { .verb = CTL_CHECK };
	const struct ctl_question question = {
		.where = place_of(k->args, k->conf, CTL_START_ANSWER),
		.request = &request,
		.row = take_row,
		.arg = k,
		.silence_ms = PATIENCE_MS,
	};
	struct ctl_answer answer;
	struct err e;

	if (ctl_ask(&question, &answer, &e) == -1)
		check_say(k, CHECK_UNKNOWN, "servers", "mailchute status", "%s",
		    e.text);
	else if (answer.status != 0)
		check_say(k, CHECK_UNKNOWN, "servers", who_may(&answer), "%s",
		    ctl_answer_reason(&answer));
	free(answer.text);
}
