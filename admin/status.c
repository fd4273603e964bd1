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

#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"

#define WATCH_MS       2000
#define DAEMON_MS      8000 /* a monitoring plugin has ten seconds */
#define ACCOUNTS_MAX   1000 /* as the configuration has it */
#define REMARKS_MAX    100
#define ALARMS_MAX     (2 * ACCOUNTS_MAX + 100)
#define NAME_MAX_WIDTH 40

/* As monitoring plugins exit. */
static const struct {
	const char *name;
	const char *colour;
	int status;
} verdicts[] = {
	{ "ok", "\033[32m", 0 },
	{ "warning", "\033[33m", 1 },
	{ "critical", "\033[31m", 2 },
	{ "unknown", "\033[35m", 3 },
};
#define UNKNOWN 3

struct report {
	int64_t now;
	struct ctl_account *accounts;
	size_t naccounts;
	struct ctl_alarm *alarms;
	size_t nalarms;
	struct strlist remarks;
	bool has_totals;
	struct ctl_totals totals;
};

static void
report_clear(struct report *r)
{
	size_t i;

	for (i = 0; i < r->naccounts; i++)
		ctl_account_clear(&r->accounts[i]);
	free(r->accounts);
	for (i = 0; i < r->nalarms; i++)
		ctl_alarm_clear(&r->alarms[i]);
	free(r->alarms);
	strlist_clear(&r->remarks);
	ctl_totals_clear(&r->totals);
	memset(r, 0, sizeof(*r));
}

static void
set_verdict(struct report *r, const char *verdict, const char *reason)
{
	free(r->totals.verdict);
	free(r->totals.reason);
	r->totals.verdict = xstrdup(verdict);
	r->totals.reason = xstrdup(reason);
	r->totals.since = 0; /* what it was of another verdict */
}

static size_t
verdict_of(const struct report *r)
{
	size_t i;

	for (i = 0; i < UNKNOWN; i++)
		if (r->totals.verdict != NULL &&
		    strcmp(verdicts[i].name, r->totals.verdict) == 0)
			return i;
	return UNKNOWN;
}

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
		set_verdict(r, "critical",
		    "mailchuted is not running: mail is kept, and none goes "
		    "out");
		return;
	}
	why = xasprintf("mailchuted is not running, and cannot: %s",
	    ctl_answer_reason(answer));
	set_verdict(r, "critical", why);
	free(why);
}

/*
 * Without a daemon the queue can be looked at by whom it belongs to, but
 * nothing goes out: that is critical, whatever the queue holds.
 */
static void
inquire(const struct args *a, const struct conf *c, struct report *r)
{
	const struct ctl_request request = { .verb = CTL_STATUS };
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
	if (!answer.is_daemon && is_hidden(c)) {
		set_verdict(r, "unknown",
		    "queue.socket_directory may not be looked into");
	} else if (!answer.is_daemon) {
		set_not_running(r, rc, &answer);
	} else if (rc == -1) {
		set_verdict(r, answer.is_hung ? "critical" : "unknown", e.text);
	} else if (answer.status == EX_NOPERM) {
		set_verdict(r, "unknown", ctl_answer_reason(&answer));
	} else if (answer.status != 0) {
		set_verdict(r, "critical", ctl_answer_reason(&answer));
	}
	free(answer.text);
}

/* ---- printing ---- */

static void
print_verdict(const struct report *r)
{
	const char *none = getenv("NO_COLOR");
	bool coloured =
	    isatty(STDOUT_FILENO) && (none == NULL || *none == '\0');
	size_t v = verdict_of(r);
	char age[TEXT_SHORT];

	printf("%s%s%s", coloured ? verdicts[v].colour : "", verdicts[v].name,
	    coloured ? "\033[0m" : "");
	if (r->totals.reason != NULL) {
		fputs(": ", stdout);
		text_put(stdout, r->totals.reason);
	}
	if (r->totals.since != 0) {
		text_age(r->now - r->totals.since, age);
		printf(" (for %s)", age);
	}
	putchar('\n');
}

static void
print_totals(const struct report *r)
{
	const struct ctl_totals *t = &r->totals;
	char size[TEXT_SHORT], age[TEXT_SHORT];

	text_size(t->octets, size);
	printf("\nqueue: %llu waiting, %llu held, %llu uncertain, %llu failed "
	       "in 24 h",
	    (unsigned long long)t->waiting, (unsigned long long)t->held,
	    (unsigned long long)t->uncertain, (unsigned long long)t->failed);
	if (t->messages > 0)
		printf("; %s in all", size);
	if (t->oldest_at != 0) {
		text_age(r->now - t->oldest_at, age);
		printf("; the oldest is %s old", age);
	}
	putchar('\n');
	if (t->paused)
		printf("delivery is paused; \"mailchute resume\" ends that\n");
	if (t->delivery_off)
		printf("delivery is off (queue.delivery = off)\n");
}

/* "3/28 a minute": used, and the limit where there is one. */
static void
format_used(uint64_t used, uint64_t limit, char out[TEXT_SHORT])
{
	if (limit == 0)
		snprintf(out, TEXT_SHORT, "%llu", (unsigned long long)used);
	else
		snprintf(out, TEXT_SHORT, "%llu/%llu", (unsigned long long)used,
		    (unsigned long long)limit);
}

/* The column of the names: the longest fits. */
static int
name_width(const struct report *r)
{
	size_t i, n, width = strlen("ACCOUNT");

	for (i = 0; i < r->naccounts; i++) {
		n = strlen(text_account(r->accounts[i].name));
		if (n > width)
			width = n;
	}
	return width < NAME_MAX_WIDTH ? (int)width : NAME_MAX_WIDTH;
}

static void
put_session(const struct ctl_account *a)
{
	bool has_tls = a->tls != NULL && *a->tls != '\0';
	bool has_relay = a->relay != NULL && *a->relay != '\0';

	text_put(stdout, has_tls ? a->tls : "");
	fputs(has_tls && has_relay ? " " : "", stdout);
	text_put(stdout, has_relay ? a->relay : "");
	puts(has_tls || has_relay ? "" : "-");
}

static void
print_account(const struct report *r, const struct ctl_account *a, int width)
{
	char minute[TEXT_SHORT], day[TEXT_SHORT], open[TEXT_SHORT];
	char next[TEXT_SHORT];

	/* A limit over another time than a minute does not compare. */
	format_used(
	    a->sent_minute, a->rate_per_s == 60 ? a->rate_count : 0, minute);
	format_used(a->rcpts_day, a->rcpts_max, day);
	format_used(a->connections, a->connections_max, open);
	fputs("  ", stdout);
	text_put(stdout, text_account(a->name));
	width -= (int)strlen(text_account(a->name));
	printf("%*s  %-7s %7llu %9s %11s %5s  ", width > 0 ? width : 0, "",
	    a->state, (unsigned long long)a->waiting, minute, day, open);
	put_session(a);
	if (a->text != NULL && strcmp(a->state, "ready") != 0) {
		fputs("    ", stdout);
		text_put_reply(stdout, a->code, a->status, a->text);
		putchar('\n');
		text_put_para(stdout, 4, "means", a->meaning);
		text_put_para(stdout, 4, "do", a->fix);
	}
	if (a->next_at != 0) {
		text_next(a->next_at, r->now, next);
		printf("    %-8s%s\n", "next", next);
	}
}

/* What its account's row does not tell already. */
static void
print_alarm(const struct report *r, const struct ctl_alarm *a)
{
	char age[TEXT_SHORT];
	char *text;

	if (strcmp(a->kind, "account-held") == 0)
		return;
	text_age(r->now - a->since, age);
	text = xasprintf("%s (for %s)", a->text, age);
	putchar('\n');
	text_put_para(stdout, 0, "alarm", text);
	text_put_para(stdout, 0, "do", a->fix);
	free(text);
}

static void
print_report(const struct report *r)
{
	int width = name_width(r);
	size_t i;

	print_verdict(r);
	if (r->has_totals)
		print_totals(r);
	if (r->naccounts > 0)
		printf("\n  %-*s  %-7s %7s %9s %11s %5s  %s\n", width,
		    "ACCOUNT", "STATE", "WAITING", "SENT/MIN", "RCPTS/DAY",
		    "OPEN", "SESSION");
	for (i = 0; i < r->naccounts; i++)
		print_account(r, &r->accounts[i], width);
	for (i = 0; i < r->nalarms; i++)
		print_alarm(r, &r->alarms[i]);
	for (i = 0; i < r->remarks.n; i++) {
		printf("%s", i == 0 ? "\n" : "");
		text_put_para(stdout, 0, "note", r->remarks.v[i]);
	}
}

static void
print_json(const struct report *r)
{
	const struct json_lists l = { json_array(), json_array(),
		json_array() };
	size_t i;

	for (i = 0; i < r->naccounts; i++)
		json_array_append_new(
		    l.accounts, json_account(&r->accounts[i], r->now));
	for (i = 0; i < r->nalarms; i++)
		json_array_append_new(l.alarms, json_alarm(&r->alarms[i]));
	for (i = 0; i < r->remarks.n; i++)
		json_array_append_new(l.remarks, json_text(r->remarks.v[i]));
	json_put_line(stdout, json_status(&r->totals, r->has_totals, &l));
}

/* Ends with the terminal, or by a signal. */
static int
watch(const struct args *a, const struct conf *c)
{
	bool is_tty = isatty(STDOUT_FILENO) != 0;
	struct report r;
	int status;

	for (;;) {
		inquire(a, c, &r);
		if (is_tty && !a->json)
			fputs("\033[H\033[J", stdout);
		if (a->json)
			print_json(&r);
		else
			print_report(&r);
		if (!is_tty && !a->json)
			putchar('\n');
		status = verdicts[verdict_of(&r)].status;
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
	inquire(a, c, &r);
	if (a->json)
		print_json(&r);
	else
		print_report(&r);
	status = verdicts[verdict_of(&r)].status;
	report_clear(&r);
	return status;
}

int
status_without_conf(const struct args *a, const char *verdict, const char *why)
{
	struct report r;
	int status;

	memset(&r, 0, sizeof(r));
	set_verdict(&r, verdict, why);
	if (a->json)
		print_json(&r);
	else
		print_verdict(&r);
	status = verdicts[verdict_of(&r)].status;
	report_clear(&r);
	return status;
}
