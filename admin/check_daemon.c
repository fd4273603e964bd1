/* SPDX-License-Identifier: ISC */
/* The doctor asks mailchuted: of itself, its queue and its accounts. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check.h"
#include "admin/report.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define START "systemctl start mailchuted, or: mailchuted"

/* What programs hand in goes here; without it they use the drop folder. */
static void
check_submit(struct check *k)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/submit",
	    k->conf->queue.socket_directory);
	if (fd != -1 && connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		check_say(k, CHECK_OK, "submission", NULL,
		    "%s takes connections", un.sun_path);
	else
		check_say(k, errno == EACCES ? CHECK_UNKNOWN : CHECK_FAIL,
		    "submission", START, "%s: %s", un.sun_path,
		    strerror(errno));
	if (fd != -1)
		close(fd);
}

static void
check_verdict(struct check *k, const struct report *r)
{
	const char *verdict = r->totals.verdict;
	enum check_level level = CHECK_FAIL;
	const char *next = k->has_daemon ? "mailchute status" : START;

	if (verdict == NULL || strcmp(verdict, "unknown") == 0)
		level = CHECK_UNKNOWN;
	else if (strcmp(verdict, "ok") == 0)
		level = CHECK_OK;
	else if (strcmp(verdict, "warning") == 0)
		level = CHECK_WARN;
	check_say(k, level, "mailchuted", level == CHECK_OK ? NULL : next, "%s",
	    r->totals.reason == NULL ? "" : r->totals.reason);
}

static void
check_queue(struct check *k, const struct ctl_totals *t)
{
	if (t->paused || t->delivery_off)
		check_say(k, CHECK_WARN, "delivery",
		    t->paused ? "mailchute resume"
			      : "set queue.delivery = on, and send SIGHUP",
		    "is off: mail is taken and kept");
	if (t->held + t->uncertain > 0)
		check_say(k, CHECK_WARN, "queue",
		    "mailchute queue, then: mailchute release, or remove",
		    "%llu messages are held and %llu uncertain",
		    (unsigned long long)t->held,
		    (unsigned long long)t->uncertain);
	else
		check_say(k, CHECK_OK, "queue", NULL, "%llu message%s wait%s",
		    (unsigned long long)t->waiting, t->waiting == 1 ? "" : "s",
		    t->waiting == 1 ? "s" : "");
}

/* The server's last word on it, which only a later attempt takes back. */
static void
check_account(struct check *k, const struct ctl_account *a, int64_t now)
{
	char *what = xasprintf("account %s", text_account(a->name));
	char next_at[TEXT_SHORT], front[CHECK_FRONT];
	bool is_held = strcmp(a->state, "held") == 0;
	bool is_due = is_held && a->next_at <= now;
	char wait[TEXT_SHORT + 16];

	text_next(a->next_at, now, next_at);
	snprintf(wait, sizeof(wait), ", next try %s", next_at);
	check_reply(a->code, a->status, a->text, front);
	if (strcmp(a->state, "ready") == 0 && a->tls != NULL && *a->tls != '\0')
		check_say(k, CHECK_OK, what, NULL, "is signed in at %s over %s",
		    a->relay, a->tls);
	else if (strcmp(a->state, "ready") == 0)
		check_say(
		    k, CHECK_OK, what, NULL, "nothing is known against it");
	else
		check_say(k, is_held && !is_due ? CHECK_FAIL : CHECK_WARN, what,
		    a->fix, "%s%s: %s%s%s%s",
		    !is_held ? a->state
		    : is_due ? "is held, and may sign in once"
			     : "is held, so no sign-in is tried",
		    is_due ? "" : wait, front, a->text == NULL ? "" : a->text,
		    a->meaning == NULL ? "" : " - ",
		    a->meaning == NULL ? "" : a->meaning);
	free(what);
}

/* What keeps the account is told with it, and that is the token's as a rule. */
static bool
is_told(const struct report *r, const struct ctl_token *t)
{
	const struct ctl_account *a;
	size_t i;

	for (i = 0; i < r->naccounts; i++) {
		a = &r->accounts[i];
		if (t->text != NULL && a->text != NULL &&
		    strcmp(a->state, "ready") != 0 &&
		    strcmp(text_account(a->name), text_account(t->account)) ==
			0 &&
		    strcmp(a->text, t->text) == 0)
			return true;
	}
	return false;
}

static void
check_alarm(struct check *k, const struct ctl_alarm *a)
{
	/* An account's own line says the same. */
	if (a->account == NULL)
		check_say(k, CHECK_WARN, a->kind, a->fix, "%s", a->text);
}

void
check_daemon(struct check *k)
{
	struct report r;
	size_t i;

	k->has_daemon = status_inquire(k->args, k->conf, CTL_STATUS, &r);
	check_verdict(k, &r);
	if (k->has_daemon)
		check_submit(k);
	if (r.has_totals)
		check_queue(k, &r.totals);
	for (i = 0; i < r.naccounts; i++)
		check_account(k, &r.accounts[i], r.now);
	if (r.has_totals && r.naccounts == 0)
		check_say(k, CHECK_UNKNOWN, "accounts",
		    "run it as root, or join queue.admin_group",
		    "you may not see how they fare");
	for (i = 0; i < r.ntokens; i++)
		if (!is_told(&r, &r.tokens[i]))
			check_token_known(k, &r.tokens[i]);
	check_ends(k, &r);
	for (i = 0; i < r.nalarms; i++)
		check_alarm(k, &r.alarms[i]);
	for (i = 0; i < r.remarks.n; i++)
		check_say(k, CHECK_WARN, "queue",
		    "put it on a disk: in a container, on a volume", "%s",
		    r.remarks.v[i]);
	report_clear(&r);
}
