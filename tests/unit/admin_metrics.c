/* SPDX-License-Identifier: ISC */
/* mailchute metrics: which figure of a report becomes which sample. */
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

#define NOW     1796000000
#define S(text) (char *)(uintptr_t)(text)
#define A       "account=\"alerts@contoso.com\""
#define B       "account=\"shop\""

static char *text;

static void
print(const struct report *r)
{
	size_t n;
	FILE *to = open_memstream(&text, &n);

	free(text);
	text = NULL;
	report_metrics(r, to);
	assert_int_equal(fclose(to), 0);
}

/* A line of its own. */
static bool
has(const char *line)
{
	size_t n = strlen(line);
	const char *at = text;

	for (; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static void
says(const char *line)
{
	if (!has(line))
		fail_msg("\"%s\" is no line of it", line);
}

static void
says_not(const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in it", part);
}

static struct ctl_account accounts[2];
static struct ctl_depth depths[3];
static struct ctl_ledger ledgers[2];

static struct report
report(void)
{
	accounts[0] = (struct ctl_account){ .name = S("alerts@contoso.com"),
		.state = S("held"),
		.next_at = NOW + 600,
		.sent_window = 3,
		.rate_count = 28,
		.rate_per_s = 90,
		.sent_minute = 99,
		.sent_day = 4,
		.rcpts_day = 5,
		.rcpts_max = 10000,
		.connections = 1,
		.connections_max = 2,
		.legacy_host = S("smtp-legacy.office365.com"),
		.old_tls = 6,
		.old_tls_ever = 7 };
	accounts[1] =
	    (struct ctl_account){ .name = S("shop"), .state = S("ready") };
	depths[0] = (struct ctl_depth){
		.state = S("queued"), .messages = 8, .octets = 800
	};
	depths[1] = (struct ctl_depth){ .account = S("shop"),
		.state = S("queued"),
		.messages = 2,
		.octets = 200 };
	depths[2] = (struct ctl_depth){ .account = S("shop"),
		.state = S("held"),
		.messages = 1,
		.octets = 100 };
	ledgers[0] = (struct ctl_ledger){ .account = S("alerts@contoso.com"),
		.delivered = 11,
		.deferred = 12,
		.uncertain = 13,
		.bounced = 14,
		.expired = 15,
		.removed = 16 };
	ledgers[1] = (struct ctl_ledger){ .account = S("shop") };
	return (struct report){ .now = NOW,
		.accounts = accounts,
		.naccounts = 2,
		.depths = depths,
		.ndepths = 3,
		.ledgers = ledgers,
		.nledgers = 2,
		.has_host = true,
		.host = { .started_at = NOW - 60,
		    .queue_size = 1000,
		    .queue_free = 400,
		    .drop_size = 2000,
		    .drop_free = 500,
		    .free_min = 100,
		    .has_drops = true,
		    .drops_waiting = 21,
		    .drops_aside = 22 },
		.is_whole = true,
		.has_totals = true,
		.totals = { .verdict = S("warning"),
		    .oldest_at = NOW - 300,
		    .failed = 9 } };
}

static void
the_whole_is_told(void **state)
{
	struct report r = report();

	(void)state;
	print(&r);
	says("mailchute_up 1");
	says("mailchute_build_info{version=\"" PACKAGE_VERSION "\"} 1");
	says("mailchute_verdict{verdict=\"ok\"} 0");
	says("mailchute_verdict{verdict=\"warning\"} 1");
	says("mailchute_verdict{verdict=\"critical\"} 0");
	says("mailchute_verdict{verdict=\"unknown\"} 0");
	says("mailchute_complete 1");
	says("mailchute_delivery_enabled 1");
	says("mailchute_delivery_paused 0");
	says("mailchute_queue_messages{state=\"queued\"} 8");
	says("mailchute_queue_bytes{state=\"queued\"} 800");
	says("mailchute_queue_oldest_timestamp_seconds 1795999700");
	says("mailchute_day_failed_messages 9");
	r.totals.paused = r.totals.delivery_off = true;
	r.totals.oldest_at = 0;
	print(&r);
	says("mailchute_delivery_enabled 0");
	says("mailchute_delivery_paused 1");
	says("mailchute_queue_oldest_timestamp_seconds NaN");
}

static void
the_host_is_told(void **state)
{
	struct report r = report();

	(void)state;
	print(&r);
	says("mailchute_start_time_seconds 1795999940");
	says("mailchute_disk_size_bytes{folder=\"queue\"} 1000");
	says("mailchute_disk_size_bytes{folder=\"drop\"} 2000");
	says("mailchute_disk_free_bytes{folder=\"queue\"} 400");
	says("mailchute_disk_free_bytes{folder=\"drop\"} 500");
	says("mailchute_disk_free_min_bytes 100");
	says("mailchute_drop_folder_files{kind=\"waiting\"} 21");
	says("mailchute_drop_folder_files{kind=\"aside\"} 22");
	/* What could not be measured is left out: 0 would raise an alarm. */
	r.host.queue_size = 0;
	r.host.has_drops = false;
	print(&r);
	says_not("folder=\"queue\"");
	says("mailchute_disk_free_bytes{folder=\"drop\"} 500");
	says_not("mailchute_drop_folder_files");
}

static void
each_account_is_told(void **state)
{
	struct report r = report();

	(void)state;
	print(&r);
	says("mailchute_account_state{" A ",state=\"held\"} 1");
	says("mailchute_account_state{" A ",state=\"ready\"} 0");
	says("mailchute_account_state{" A ",state=\"backoff\"} 0");
	says("mailchute_account_state{" A ",state=\"budget\"} 0");
	says("mailchute_account_state{" B ",state=\"ready\"} 1");
	says("mailchute_account_queue_messages{" B ",state=\"queued\"} 2");
	says("mailchute_account_queue_messages{" B ",state=\"held\"} 1");
	says("mailchute_account_queue_bytes{" B ",state=\"held\"} 100");
	says("mailchute_account_next_try_timestamp_seconds{" A "} 1796000600");
	says("mailchute_account_next_try_timestamp_seconds{" B "} NaN");
	says("mailchute_account_window_messages{" A "} 3");
	says("mailchute_account_window_messages_limit{" A "} 28");
	says("mailchute_account_window_seconds{" A "} 90");
	says("mailchute_account_window_messages_limit{" B "} +Inf");
	says("mailchute_account_window_seconds{" B "} 60");
	says("mailchute_account_day_messages{" A "} 4");
	says("mailchute_account_day_recipients{" A "} 5");
	says("mailchute_account_day_recipients_limit{" A "} 10000");
	says("mailchute_account_day_recipients_limit{" B "} +Inf");
	says("mailchute_account_connections{" A "} 1");
	says("mailchute_account_connections_limit{" A "} 2");
	says("mailchute_account_legacy_host{" A "} 1");
	says("mailchute_account_legacy_host{" B "} 0");
	says("mailchute_account_old_tls_sessions{" A "} 6");
	says("mailchute_account_old_tls_sessions_total{" A "} 7");
}

#define RESULT "mailchute_account_recipient_results_total{"

static void
results_are_counters(void **state)
{
	struct report r = report();

	(void)state;
	print(&r);
	says("# TYPE mailchute_account_recipient_results_total counter");
	says(RESULT A ",result=\"delivered\"} 11");
	says(RESULT A ",result=\"deferred\"} 12");
	says(RESULT A ",result=\"uncertain\"} 13");
	says(RESULT A ",result=\"bounced\"} 14");
	says(RESULT A ",result=\"expired\"} 15");
	says(RESULT A ",result=\"removed\"} 16");
	says(RESULT B ",result=\"delivered\"} 0");
	/* Without a daemon there are none, rather than a fall to 0. */
	r.totals.no_daemon = true;
	r.host.started_at = 0;
	print(&r);
	says_not(RESULT);
	says_not("mailchute_start_time_seconds");
	says("mailchute_up 0");
	says("mailchute_queue_messages{state=\"queued\"} 8");
}

static void
what_ends_is_told_but_for_what_always_does(void **state)
{
	struct report r = report();
	struct ctl_token t = { .account = S("shop"),
		.grant = S("refresh_token"),
		.until = NOW + 3000,
		.failures = 2 };
	struct ctl_expiry e[2] = { { .account = S("shop"),
				       .what = S("access_token"),
				       .at = NOW + 3000 },
		{ .account = S("shop"),
		    .what = S("client_secret"),
		    .at = NOW + 86400 } };

	(void)state;
	print(&r);
	says_not("expires");
	says_not("token");
	r.tokens = &t;
	r.ntokens = 1;
	r.expiries = e;
	r.nexpiries = 2;
	print(&r);
	says("mailchute_expires_timestamp_seconds{" B
	     ",what=\"client_secret\"} 1796086400");
	says_not("access_token");
	says("mailchute_account_token_expires_timestamp_seconds{" B
	     "} 1796003000");
	says("mailchute_account_token_failures{" B "} 2");
	t.until = 0;
	print(&r);
	says("mailchute_account_token_expires_timestamp_seconds{" B "} NaN");
}

static void
alarms_are_there_while_they_are_off(void **state)
{
	static const char *const kinds[] = { "account-held", "stall", "share" };
	struct report r = report();
	struct ctl_alarm a[3] = { { .kind = S("stall"), .account = S("shop") },
		{ .kind = S("disk-full") }, { .kind = S("of-tomorrow") } };
	char line[128];
	size_t i;

	(void)state;
	print(&r);
	for (i = 0; i < 3; i++) {
		snprintf(line, sizeof(line),
		    "mailchute_alarm{" A ",kind=\"%s\"} 0", kinds[i]);
		says(line);
		snprintf(line, sizeof(line),
		    "mailchute_alarm{" B ",kind=\"%s\"} 0", kinds[i]);
		says(line);
	}
	says("mailchute_alarm{account=\"\",kind=\"disk-full\"} 0");
	says("mailchute_alarm{account=\"\",kind=\"mail-held\"} 0");
	says("mailchute_alarm{account=\"\",kind=\"queue-replaced\"} 0");
	r.alarms = a;
	r.nalarms = 3;
	print(&r);
	says("mailchute_alarm{" B ",kind=\"stall\"} 1");
	says("mailchute_alarm{" A ",kind=\"stall\"} 0");
	says("mailchute_alarm{account=\"\",kind=\"disk-full\"} 1");
	says("mailchute_alarm{account=\"\",kind=\"of-tomorrow\"} 1");
	says_not("mailchute_alarm{" B ",kind=\"stall\"} 0");
}

/* Who may see the totals gets them, and is told that there is more. */
static void
what_one_may_not_see_is_left_out(void **state)
{
	struct report r = report();

	(void)state;
	r.totals.own_only = true;
	r.has_host = false;
	r.naccounts = r.nledgers = 0;
	r.ndepths = 1;
	print(&r);
	says("mailchute_up 1");
	says("mailchute_complete 0");
	says("mailchute_queue_messages{state=\"queued\"} 8");
	says("mailchute_day_failed_messages 9");
	says_not("mailchute_account");
	says_not("mailchute_alarm");
	says_not("mailchute_disk");
}

/* Half of an answer must not pass for a small queue. */
static void
without_an_answer_it_is_down(void **state)
{
	struct report r = report();

	(void)state;
	r.is_whole = false;
	r.totals.verdict = S("critical");
	print(&r);
	assert_string_equal(text,
	    "# HELP mailchute_up Whether a running mailchuted has answered: 1 "
	    "when it has.\n"
	    "# TYPE mailchute_up gauge\n"
	    "mailchute_up 0\n"
	    "# HELP mailchute_build_info The version of mailchute, as a label; "
	    "always 1.\n"
	    "# TYPE mailchute_build_info gauge\n"
	    "mailchute_build_info{version=\"" PACKAGE_VERSION "\"} 1\n"
	    "# HELP mailchute_verdict The verdict of mailchute status: 1 for "
	    "the one that holds.\n"
	    "# TYPE mailchute_verdict gauge\n"
	    "mailchute_verdict{verdict=\"ok\"} 0\n"
	    "mailchute_verdict{verdict=\"warning\"} 0\n"
	    "mailchute_verdict{verdict=\"critical\"} 1\n"
	    "mailchute_verdict{verdict=\"unknown\"} 0\n");
}

static int
tear_down(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

#define CASE(f) cmocka_unit_test_teardown(f, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_whole_is_told),
		CASE(the_host_is_told),
		CASE(each_account_is_told),
		CASE(results_are_counters),
		CASE(what_ends_is_told_but_for_what_always_does),
		CASE(alarms_are_there_while_they_are_off),
		CASE(what_one_may_not_see_is_left_out),
		CASE(without_an_answer_it_is_down),
	};

	return cmocka_run_group_tests_name("admin_metrics", tests, NULL, NULL);
}
