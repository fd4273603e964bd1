/* SPDX-License-Identifier: ISC */
/* mailchute status, to the letter: what somebody reads who was just woken. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/report.h"
#include "common/xalloc.h"

#define NOW     1700000000
#define S(text) (char *)(uintptr_t)(text)
#define HEADING \
	"\n  ACCOUNT             STATE   WAITING  SENT/MIN   RCPTS/DAY  OPEN" \
	"  SESSION\n"

static char *
print(const struct report *r, bool coloured)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	report_print(r, to, coloured);
	fclose(to);
	return text;
}

static void
assert_report(const struct report *r, const char *want, int status)
{
	char *got = print(r, false);

	assert_string_equal(got, want);
	assert_int_equal(report_status(r), status);
	free(got);
}

static struct report
report(const char *verdict, const char *reason, int64_t since)
{
	return (struct report){ .now = NOW,
		.has_totals = true,
		.totals = { .verdict = S(verdict),
		    .reason = S(reason),
		    .since = since } };
}

static struct ctl_account
account(const char *name, const char *state)
{
	return (struct ctl_account){ .name = S(name),
		.state = S(state),
		.sent_minute = 2,
		.rcpts_day = 6,
		.rate_count = 28,
		.rate_per_s = 60,
		.rcpts_max = 10000,
		.connections_max = 2,
		.relay = S(""),
		.tls = S("") };
}

/* The time is the account's, and says nothing of "no mail waits". */
static void
all_is_well(void **state)
{
	struct report r = report("ok", "no mail waits", NOW - 15);
	struct ctl_account a = account("alerts@contoso.com", "ready");

	(void)state;
	a.relay = S("smtp.office365.com");
	a.tls = S("TLSv1.3");
	a.connections = 1;
	r.accounts = &a;
	r.naccounts = 1;
	assert_report(&r,
	    "ok: no mail waits\n"
	    "\n"
	    "queue: 0 waiting, 0 held, 0 uncertain, 0 failed in 24 h\n" HEADING
	    "  alerts@contoso.com  ready         0      2/28     6/10000   1/2"
	    "  TLSv1.3 smtp.office365.com\n",
	    0);
}

static void
an_account_tells_what_to_do(void **state)
{
	struct report r = report("critical",
	    "account alerts@contoso.com is held: User name or password is "
	    "wrong (535 5.7.139); 1 message waits, the next try is in 10m",
	    NOW - 300);
	struct ctl_account a = account("alerts@contoso.com", "held");

	(void)state;
	a.waiting = 1;
	a.code = 535;
	a.status = S("5.7.139");
	a.text = S("5.7.139 Authentication unsuccessful");
	a.meaning = S("User name or password is wrong.");
	a.fix = S("Check account.user (the full address) and the password; "
		  "with MFA use OAuth.");
	a.next_at = NOW + 600;
	r.accounts = &a;
	r.naccounts = 1;
	r.totals.messages = r.totals.waiting = 1;
	r.totals.octets = 281;
	r.totals.oldest_at = NOW - 300;
	r.totals.failed = 3;
	assert_report(&r,
	    "critical: account alerts@contoso.com is held: User name or "
	    "password is wrong (535 5.7.139); 1 message waits, the next try is "
	    "in 10m (for 5m)\n"
	    "\n"
	    "queue: 1 waiting, 0 held, 0 uncertain, 3 failed in 24 h; 281B in "
	    "all; the oldest is 5m old\n" HEADING
	    "  alerts@contoso.com  held          1      2/28     6/10000   0/2"
	    "  -\n"
	    "    535 5.7.139 Authentication unsuccessful\n"
	    "    means   User name or password is wrong.\n"
	    "    do      Check account.user (the full address) and the "
	    "password; with MFA\n"
	    "            use OAuth.\n"
	    "    next    in 10m\n",
	    2);
}

static void
columns_fit_the_longest_name(void **state)
{
	struct report r = report("warning", "x", 0);
	struct ctl_account a[2] = { account("", "ready"),
		account("shop", "budget") };

	(void)state;
	a[1].rate_per_s = 3600; /* over another time: not compared */
	a[1].rcpts_max = 0;
	a[1].text = S("account.rate is used up (5 messages in 1h)");
	r.accounts = a;
	r.naccounts = 2;
	r.totals.paused = r.totals.delivery_off = true;
	assert_report(&r,
	    "warning: x\n"
	    "\n"
	    "queue: 0 waiting, 0 held, 0 uncertain, 0 failed in 24 h\n"
	    "delivery is paused; \"mailchute resume\" ends that\n"
	    "delivery is off (queue.delivery = off)\n"
	    "\n"
	    "  ACCOUNT    STATE   WAITING  SENT/MIN   RCPTS/DAY  OPEN  "
	    "SESSION\n"
	    "  (default)  ready         0      2/28     6/10000   0/2  -\n"
	    "  shop       budget        0         2           6   0/2  -\n"
	    "    account.rate is used up (5 messages in 1h)\n",
	    1);
}

/* Below the accounts: alarms, but for what a row tells, and remarks. */
static void
alarms_and_remarks_come_last(void **state)
{
	struct report r = report("warning", "x", 0);
	struct ctl_alarm a[2] = {
		{ .kind = S("account-held"), .text = S("no"), .since = NOW },
		{ .kind = S("disk-full"),
		    .text = S("no mail is taken"),
		    .fix = S("Make room."),
		    .since = NOW - 7200 },
	};

	(void)state;
	r.has_totals = false;
	r.alarms = a;
	r.nalarms = 2;
	strlist_add(&r.remarks, "the queue lies in memory");
	strlist_add(&r.remarks, "another remark");
	assert_report(&r,
	    "warning: x\n"
	    "\n"
	    "alarm   no mail is taken (for 2h)\n"
	    "do      Make room.\n"
	    "\n"
	    "note    the queue lies in memory\n"
	    "note    another remark\n",
	    1);
	strlist_clear(&r.remarks);
}

static void
each_verdict_has_its_status_and_colour(void **state)
{
	static const struct {
		const char *verdict;
		int status;
		const char *line;
	} cases[] = {
		{ "ok", 0, "\033[32mok\033[0m: x\n" },
		{ "warning", 1, "\033[33mwarning\033[0m: x\n" },
		{ "critical", 2, "\033[31mcritical\033[0m: x\n" },
		{ "unknown", 3, "\033[35munknown\033[0m: x\n" },
		/* What a newer daemon may say is not "ok". */
		{ "splendid", 3, "\033[35munknown\033[0m: x\n" },
	};
	struct report r;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&r, 0, sizeof(r));
		r.totals.since = NOW;
		report_set_verdict(&r, cases[i].verdict, "x");
		assert_int_equal(report_status(&r), cases[i].status);
		got = print(&r, true);
		assert_string_equal(got, cases[i].line);
		free(got);
		report_clear(&r);
	}
	/* Nobody gave a verdict. */
	assert_int_equal(report_status(&r), 3);
}

static void
nothing_steers_the_terminal(void **state)
{
	struct report r = report("critical", "a\033[2Jb", 0);
	struct ctl_account a = account("x\ny", "held");
	char *got;

	(void)state;
	a.text = S("535 \033[31mred\x07");
	a.meaning = S("\x9bm");
	r.accounts = &a;
	r.naccounts = 1;
	got = print(&r, false);
	assert_null(strpbrk(got, "\033\x07\x9b"));
	assert_non_null(strstr(got, "critical: a\\x1b[2Jb\n"));
	assert_non_null(strstr(got, "x\\x0ay "));
	free(got);
}

/* Where it is what the account waits for: once is enough. */
static void
a_token_s_failure_is_told_once(void **state)
{
	struct ctl_account a = { .name = S("alerts@contoso.com"),
		.state = S("backoff"),
		.text = S("AADSTS50196: a loop") };
	struct ctl_token t = { .account = S("alerts@contoso.com"),
		.grant = S("refresh_token"),
		.text = S("AADSTS50196: a loop") };
	struct report r = { .now = NOW,
		.accounts = &a,
		.naccounts = 1,
		.tokens = &t,
		.ntokens = 1 };
	char *got;

	(void)state;
	got = print(&r, false);
	assert_non_null(strstr(got, "    AADSTS50196: a loop\n"));
	assert_null(strstr(got, "no new token"));
	free(got);
	a.text = S("535 no");
	got = print(&r, false);
	assert_non_null(strstr(got, "no new token"));
	free(got);
	/* What was wrong before is not shown of one that is well. */
	a.state = S("ready");
	a.text = t.text;
	got = print(&r, false);
	assert_non_null(strstr(got, "no new token"));
	free(got);
}

/* What belongs to the account by its name, and what to do when it is soon. */
static void
tokens_and_ends_stand_under_their_account(void **state)
{
	struct report r = report("ok", "no mail waits", 0);
	struct ctl_account a = account("alerts@contoso.com", "ready");
	struct ctl_token t[2] = { { .account = S("alerts@contoso.com"),
				      .grant = S("refresh_token"),
				      .until = NOW + 3000,
				      .refreshed_at = NOW - 600,
				      .next_at = NOW + 2700,
				      .failures = 1,
				      .text = S("AADSTS50196: a loop"),
				      .fix = S("Wait.") },
		{ .account = S("other"), .grant = S("federated") } };
	struct ctl_expiry x[3] = { { .account = S("alerts@contoso.com"),
				       .what = S("access_token"),
				       .at = NOW + 3000,
				       .source = S("token") },
		{ .account = S("alerts@contoso.com"),
		    .what = S("client_secret"),
		    .at = NOW + 9 * 86400 + 5,
		    .source = S("configuration"),
		    .text = S("the secret ends in 9 days"),
		    .fix = S("Make a new one."),
		    .is_soon = true },
		{ .account = S("other"),
		    .what = S("certificate"),
		    .at = NOW,
		    .source = S("certificate"),
		    .text = S("that of others") } };
	json_t *o = json_object(), *ends, *token;
	char *got;

	(void)state;
	r.accounts = &a;
	r.naccounts = 1;
	r.tokens = t;
	r.ntokens = 2;
	r.expiries = x;
	r.nexpiries = 3;
	got = print(&r, false);
	assert_non_null(strstr(got, "    token   refresh_token; good until "));
	assert_non_null(strstr(got, "; got 10m ago; next in 45m\n"));
	assert_non_null(
	    strstr(got, "    failed  no new token: AADSTS50196: a loop\n"
			"    do      Wait.\n"));
	assert_non_null(strstr(got, "    ends    the secret ends in 9 days\n"
				    "    do      Make a new one.\n"));
	assert_null(strstr(got, "that of others"));
	assert_null(strstr(got, "federated"));
	free(got);

	report_add_tokens(&r, "alerts@contoso.com", o);
	token = json_object_get(o, "token");
	assert_string_equal(json_string_value(json_object_get(token, "grant")),
	    "refresh_token");
	assert_int_equal(
	    json_integer_value(json_object_get(token, "failures")), 1);
	ends = json_object_get(o, "expires");
	assert_int_equal(json_array_size(ends), 2);
	assert_int_equal(json_integer_value(
			     json_object_get(json_array_get(ends, 1), "days")),
	    9);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(ends, 0), "what")),
	    "access_token");
	json_decref(o);
	/* One that asks for none, and of which nothing ends. */
	o = json_object();
	report_add_tokens(&r, "plain", o);
	assert_true(json_is_null(json_object_get(o, "token")));
	assert_int_equal(json_array_size(json_object_get(o, "expires")), 0);
	json_decref(o);
}

/* An application's is got when mail is due: that there is none is no fault. */
static void
no_token_is_no_trouble(void **state)
{
	struct report r = report("ok", "no mail waits", 0);
	struct ctl_account a = account("alerts@contoso.com", "ready");
	struct ctl_token t = { .account = S("alerts@contoso.com"),
		.grant = S("client_credentials") };
	char *got;

	(void)state;
	r.accounts = &a;
	r.naccounts = 1;
	r.tokens = &t;
	r.ntokens = 1;
	got = print(&r, false);
	assert_non_null(strstr(got, "client_credentials; none yet: it is got "
				    "when mail is due\n"));
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(an_account_tells_what_to_do),
		cmocka_unit_test(columns_fit_the_longest_name),
		cmocka_unit_test(alarms_and_remarks_come_last),
		cmocka_unit_test(each_verdict_has_its_status_and_colour),
		cmocka_unit_test(nothing_steers_the_terminal),
		cmocka_unit_test(a_token_s_failure_is_told_once),
		cmocka_unit_test(tokens_and_ends_stand_under_their_account),
		cmocka_unit_test(no_token_is_no_trouble),
	};

	return cmocka_run_group_tests_name("admin_report", tests, NULL, NULL);
}
