/* SPDX-License-Identifier: ISC */
/*
 * What is known of how the mail goes, as people and as programs read it.  Its
 * first line answers alone; a pager shows nothing else.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/report.h"
#include "admin/text.h"
#include "common/xalloc.h"

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
#define OK      0
#define UNKNOWN 3

void
report_clear(struct report *r)
{
	size_t i;

	for (i = 0; i < r->naccounts; i++)
		ctl_account_clear(&r->accounts[i]);
	free(r->accounts);
	for (i = 0; i < r->nalarms; i++)
		ctl_alarm_clear(&r->alarms[i]);
	free(r->alarms);
	report_clear_tokens(r);
	report_clear_listeners(r);
	report_clear_figures(r);
	strlist_clear(&r->remarks);
	ctl_totals_clear(&r->totals);
	memset(r, 0, sizeof(*r));
}

void
report_set_verdict(struct report *r, const char *verdict, const char *reason)
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

int
report_status(const struct report *r)
{
	return verdicts[verdict_of(r)].status;
}

const char *
report_verdict_name(int status)
{
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (verdicts[i].status == status)
			return verdicts[i].name;
	return NULL;
}

/* ---- for people ---- */

void
report_print_verdict(const struct report *r, FILE *to, bool coloured)
{
	size_t v = verdict_of(r);
	char age[TEXT_SHORT];

	fprintf(to, "%s%s%s", coloured ? verdicts[v].colour : "",
	    verdicts[v].name, coloured ? "\033[0m" : "");
	if (r->totals.reason != NULL) {
		fputs(": ", to);
		text_put(to, r->totals.reason);
	}
	/* How long all has been well is nobody's question at 3 a.m. */
	if (r->totals.since != 0 && v != OK) {
		text_age(r->now - r->totals.since, age);
		fprintf(to, " (for %s)", age);
	}
	fputc('\n', to);
}

static void
print_totals(const struct report *r, FILE *to)
{
	const struct ctl_totals *t = &r->totals;
	char size[TEXT_SHORT], age[TEXT_SHORT];

	text_size(t->octets, size);
	fprintf(to,
	    "\nqueue: %llu waiting, %llu held, %llu uncertain, %llu failed "
	    "in 24 h",
	    (unsigned long long)t->waiting, (unsigned long long)t->held,
	    (unsigned long long)t->uncertain, (unsigned long long)t->failed);
	if (t->messages > 0)
		fprintf(to, "; %s in all", size);
	if (t->oldest_at != 0) {
		text_age(r->now - t->oldest_at, age);
		fprintf(to, "; the oldest is %s old", age);
	}
	fputc('\n', to);
	if (t->paused)
		fprintf(
		    to, "delivery is paused; \"mailchute resume\" ends that\n");
	if (t->delivery_off)
		fprintf(to, "delivery is off (queue.delivery = off)\n");
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
put_session(const struct ctl_account *a, FILE *to)
{
	bool has_tls = a->tls != NULL && *a->tls != '\0';
	bool has_relay = a->relay != NULL && *a->relay != '\0';

	text_put(to, has_tls ? a->tls : "");
	fputs(has_tls && has_relay ? " " : "", to);
	text_put(to, has_relay ? a->relay : "");
	fputs(has_tls || has_relay ? "\n" : "-\n", to);
}

/* What is not as it should be for long. */
static void
print_legacy(const struct report *r, const struct ctl_account *a, FILE *to)
{
	char left[TEXT_SHORT] = "", *text;

	if (a->legacy_host != NULL) {
		if (a->legacy_until > r->now)
			text_age(a->legacy_until - r->now, left);
		text = xasprintf("mail goes by %s%s%s (account.legacy)",
		    a->legacy_host, *left == '\0' ? "" : " for another ", left);
		text_put_para(to, 4, "legacy", text);
		free(text);
	}
	if (a->old_tls > 0) {
		text = xasprintf("%llu session%s below TLS 1.2, of %llu in all",
		    (unsigned long long)a->old_tls, a->old_tls == 1 ? "" : "s",
		    (unsigned long long)a->old_tls_ever);
		text_put_para(to, 4, "old", text);
		free(text);
	}
}

static void
print_account(
    const struct report *r, const struct ctl_account *a, int width, FILE *to)
{
	char minute[TEXT_SHORT], day[TEXT_SHORT], open[TEXT_SHORT];
	char next[TEXT_SHORT], when[TEXT_TIME];

	/* A limit over another time than a minute does not compare. */
	format_used(
	    a->sent_minute, a->rate_per_s == 60 ? a->rate_count : 0, minute);
	format_used(a->rcpts_day, a->rcpts_max, day);
	format_used(a->connections, a->connections_max, open);
	fputs("  ", to);
	text_put(to, text_account(a->name));
	width -= (int)strlen(text_account(a->name));
	fprintf(to, "%*s  %-7s %7llu %9s %11s %5s  ", width > 0 ? width : 0, "",
	    a->state, (unsigned long long)a->waiting, minute, day, open);
	put_session(a, to);
	if (a->text != NULL && strcmp(a->state, "ready") != 0) {
		fputs("    ", to);
		text_put_reply(to, a->code, a->status, a->text);
		fputc('\n', to);
		text_put_para(to, 4, "means", a->meaning);
		text_put_para(to, 4, "do", a->fix);
	}
	if (strcmp(a->state, "ready") != 0 && a->since != 0) {
		text_local_time(a->since, when);
		text_age(r->now - a->since, next);
		fprintf(to, "    %-8s%s (%s ago)\n", "since", when, next);
	}
	if (a->next_at != 0) {
		text_next(a->next_at, r->now, next);
		fprintf(to, "    %-8s%s\n", "next", next);
	}
	print_legacy(r, a, to);
	report_print_tokens(
	    r, a->name, strcmp(a->state, "ready") == 0 ? NULL : a->text, to);
}

/* What its account's row does not tell already. */
static void
print_alarm(const struct report *r, const struct ctl_alarm *a, FILE *to)
{
	char age[TEXT_SHORT];
	char *text;

	if (strcmp(a->kind, "account-held") == 0)
		return;
	text_age(r->now - a->since, age);
	text = xasprintf("%s (for %s)", a->text, age);
	fputc('\n', to);
	text_put_para(to, 0, "alarm", text);
	text_put_para(to, 0, "do", a->fix);
	free(text);
}

void
report_print(const struct report *r, FILE *to, bool coloured)
{
	int width = name_width(r);
	size_t i;

	report_print_verdict(r, to, coloured);
	if (r->has_totals)
		print_totals(r, to);
	if (r->naccounts > 0)
		fprintf(to, "\n  %-*s  %-7s %7s %9s %11s %5s  %s\n", width,
		    "ACCOUNT", "STATE", "WAITING", "SENT/MIN", "RCPTS/DAY",
		    "OPEN", "SESSION");
	for (i = 0; i < r->naccounts; i++)
		print_account(r, &r->accounts[i], width, to);
	report_print_listeners(r, to);
	for (i = 0; i < r->nalarms; i++)
		print_alarm(r, &r->alarms[i], to);
	for (i = 0; i < r->remarks.n; i++) {
		fprintf(to, "%s", i == 0 ? "\n" : "");
		text_put_para(to, 0, "note", r->remarks.v[i]);
	}
}

void
report_json(const struct report *r, FILE *to)
{
	const struct json_lists l = { json_array(), json_array(), json_array(),
		report_json_listeners(r) };
	json_t *o;
	size_t i;

	for (i = 0; i < r->naccounts; i++) {
		o = json_account(&r->accounts[i], r->now);
		report_add_tokens(r, r->accounts[i].name, o);
		json_array_append_new(l.accounts, o);
	}
	for (i = 0; i < r->nalarms; i++)
		json_array_append_new(l.alarms, json_alarm(&r->alarms[i]));
	for (i = 0; i < r->remarks.n; i++)
		json_array_append_new(l.remarks, json_text(r->remarks.v[i]));
	json_put_line(to, json_status(&r->totals, r->has_totals, &l));
}
