/* SPDX-License-Identifier: ISC */
/*
 * "mailchute status": is my mail going out?  One line answers that, and the
 * exit status says the same to a monitoring system; below it stand the
 * accounts with what they have sent, and why one does not.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/report.h"
#include "admin/run.h"
#include "common/clock.h"
#include "common/xalloc.h"

#define WATCH_MS     2000
#define DAEMON_MS    8000 /* a monitoring plugin has ten seconds */
#define ACCOUNTS_MAX 1000 /* as the configuration has it */
#define REMARKS_MAX  100
#define ALARMS_MAX   (2 * ACCOUNTS_MAX + 100)

/* ---- asking ---- */

static int
take_account(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_account a;

	if (ctl_get_account(f, &a, e) == -1)
		return -1;
	if (r->naccounts == ACCOUNTS_MAX) {
		ctl_account_clear(&a);
		return 0;
	}
	r->accounts =
	    xreallocarray(r->accounts, r->naccounts + 1, sizeof(*r->accounts));
	r->accounts[r->naccounts++] = a;
	return 0;
}

static int
take_alarm(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_alarm a;

	if (ctl_get_alarm(f, &a, e) == -1)
		return -1;
	if (r->nalarms == ALARMS_MAX) {
		ctl_alarm_clear(&a);
		return 0;
	}
	r->alarms =
	    xreallocarray(r->alarms, r->nalarms + 1, sizeof(*r->alarms));
	r->alarms[r->nalarms++] = a;
	return 0;
}

static int
take_row(void *arg, const struct frame *f, struct err *e)
{
	struct report *r = arg;
	char *line;

	switch (f->type) {
	case CTL_ACCOUNT:
		return take_account(r, f, e);
	case CTL_ALARM:
		return take_alarm(r, f, e);
	case CTL_TOKEN:
		return report_take_token(r, f, e);
	case CTL_EXPIRY:
		return report_take_expiry(r, f, e);
	case CTL_LISTENER:
		return report_take_listener(r, f, e);
	case CTL_DEPTH:
	case CTL_LEDGER:
	case CTL_HOST:
		return report_take_figure(r, f, e);
	case CTL_SAID:
		if ((line = ctl_get_said(f, e)) == NULL)
			return -1;
		if (r->remarks.n < REMARKS_MAX)
			strlist_add(&r->remarks, line);
		free(line);
		return 0;
	case CTL_TOTALS:
		ctl_totals_clear(&r->totals);
		if (ctl_get_totals(f, &r->totals, e) == -1)
			return -1;
		r->has_totals = true;
		return 0;
	default:
		return 0;
	}
}

/* A socket that the caller cannot even see: is a daemon there, or not? */
static bool
is_hidden(const struct conf *c)
{
	char *path = xasprintf("%s/control", c->queue.socket_directory);
	struct stat st;
	bool hidden = stat(path, &st) == -1 && errno == EACCES;

	free(path);
	return hidden;
}

/* One that was started to answer has said what keeps it from running. */
static void
set_not_running(struct report *r, int rc, const struct ctl_answer *answer)
{
	char *why;

	if (rc == -1 || answer->status == 0 ||
	    answer->status == EX_UNAVAILABLE) {
		report_set_verdict(r, "critical",
		    "mailchuted is not running: mail is kept, and none goes "
		    "out");
		return;
	}
	why = xasprintf("mailchuted is not running, and cannot: %s",
	    ctl_answer_reason(answer));
	report_set_verdict(r, "critical", why);
	free(why);
}

/*
 * Without a daemon the queue can be looked at by whom it belongs to, but
 * nothing goes out: that is critical, whatever the queue holds.
 */
bool
status_inquire(const struct args *a, const struct conf *c, enum ctl_verb verb,
    struct report *r)
{
	const struct ctl_request request = { .verb = verb };
	const struct ctl_question question = {
		.where = place_of(
		    a, c, a->watch ? CTL_START_NOTHING : CTL_START_ANSWER),
		.request = &request,
		.row = take_row,
		.arg = r,
		.silence_ms = CTL_SILENCE_MS,
		.daemon_ms = DAEMON_MS,
	};
	struct ctl_answer answer;
	struct err e;
	int rc;

	memset(r, 0, sizeof(*r));
	r->now = clock_wall();
	rc = ctl_ask(&question, &answer, &e);
	r->exit_status = answer.status;
	r->is_whole = rc == 0 && answer.status == 0 && r->has_totals;
	if (!answer.is_daemon && is_hidden(c)) {
		report_set_verdict(r, "unknown",
		    "queue.socket_directory may not be looked into");
	} else if (!answer.is_daemon) {
		set_not_running(r, rc, &answer);
	} else if (rc == -1) {
		report_set_verdict(
		    r, answer.is_hung ? "critical" : "unknown", e.text);
	} else if (answer.status == EX_NOPERM) {
		report_set_verdict(r, "unknown", ctl_answer_reason(&answer));
	} else if (answer.status != 0) {
		report_set_verdict(r, "critical", ctl_answer_reason(&answer));
	}
	free(answer.text);
	return answer.is_daemon;
}

static bool
wants_colour(void)
{
	const char *none = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (none == NULL || *none == '\0');
}

/* Ends with the terminal, or by a signal. */
static int
watch(const struct args *a, const struct conf *c)
{
	bool is_tty = isatty(STDOUT_FILENO) != 0;
	struct report r;
	int status;

	for (;;) {
		(void)status_inquire(a, c, CTL_STATUS, &r);
		if (is_tty && !a->json)
			fputs("\033[H\033[J", stdout);
		if (a->json)
			report_json(&r, stdout);
		else
			report_print(&r, stdout, wants_colour());
		if (!is_tty && !a->json)
			putchar('\n');
		status = report_status(&r);
		report_clear(&r);
		if (fflush(stdout) != 0)
			return status;
		poll(NULL, 0, WATCH_MS);
	}
}

int
run_status(const struct args *a, const struct conf *c)
{
	struct report r;
	int status;

	if (a->watch)
		return watch(a, c);
	(void)status_inquire(a, c, CTL_STATUS, &r);
	if (a->json)
		report_json(&r, stdout);
	else
		report_print(&r, stdout, wants_colour());
	status = report_status(&r);
	report_clear(&r);
	return status;
}

int
status_without_conf(const struct args *a, const char *verdict, const char *why)
{
	struct report r;
	int status;

	memset(&r, 0, sizeof(r));
	report_set_verdict(&r, verdict, why);
	if (a->json)
		report_json(&r, stdout);
	else
		report_print_verdict(&r, stdout, wants_colour());
	status = report_status(&r);
	report_clear(&r);
	return status;
}
