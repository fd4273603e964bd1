/* SPDX-License-Identifier: ISC */
/* Listeners in mailchute status, to the letter; in --json; in metrics. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "admin/exposition.h"
#include "admin/report.h"

#define NOW     1796000000 /* 2026-11-30T00:53:20Z */
#define DAY     86400
#define S(text) (char *)(uintptr_t)(text)

static struct ctl_listener v[3];

/* One that is as it should be, one that is shut, one without a key. */
static struct report
report(void)
{
	v[0] = (struct ctl_listener){ .name = S("copiers-of-floor-2"),
		.address = S("192.0.2.10"),
		.port = 587,
		.state = S("open"),
		.tls = S("required"),
		.tls_min = S("1.0"),
		.auth = S("required"),
		.connections = 2,
		.connections_max = 40,
		.messages = 9,
		.turned_away = 8,
		.refused = 7,
		.pair = S("good"),
		.ends_at = NOW + 40 * DAY,
		.ends = S("the certificate ends in 40 days"),
		.ends_fix = S("renew it") };
	v[1] = (struct ctl_listener){ .name = S("scan"),
		.address = S("::1"),
		.port = 25,
		.state = S("shut"),
		.since = NOW - 3600,
		.text = S("it is taken"),
		.fix = S("free it"),
		.tls = S("none"),
		.auth = S("off"),
		.connections_max = 256 };
	v[2] = (struct ctl_listener){ .name = S("tls"),
		.address = S("127.0.0.1"),
		.port = 465,
		.is_lent = true,
		.state = S("open"),
		.tls = S("implicit"),
		.tls_min = S("1.2"),
		.auth = S("optional"),
		.connections_max = 256,
		.pair = S("missing"),
		.pair_since = NOW - 60,
		.pair_text = S("no such file"),
		.pair_fix = S("mend it") };
	return (struct report){ .now = NOW, .listeners = v, .nlisteners = 3 };
}

static char *text;

static void
print(void (*f)(const struct report *, FILE *), const struct report *r)
{
	size_t n;
	FILE *to = open_memstream(&text, &n);

	free(text);
	text = NULL;
	f(r, to);
	assert_int_equal(fclose(to), 0);
}

#define HEAD \
	"\n  LISTENER            STATE  CLIENTS  ADDRESS         TLS       " \
	"          AUTH\n"

static void
what_people_read(void **state)
{
	struct report r = report();

	(void)state;
	print(report_print_listeners, &r);
	assert_string_equal(text,
	    HEAD "  copiers-of-floor-2  open      2/40  192.0.2.10:587  "
		 "required, from 1.0  required\n"
		 "    ends    the certificate ends in 40 days\n"
		 "  scan                shut     0/256  [::1]:25        "
		 "none                off\n"
		 "    shut    it is taken\n"
		 "    do      free it\n"
		 "    since   2026-11-29 23:53:20 (1h ago)\n"
		 "  tls                 open     0/256  127.0.0.1:465   "
		 "implicit            optional\n"
		 "    cert    no certificate that serves: no such file\n"
		 "    do      mend it\n"
		 "    since   2026-11-30 00:52:20 (1m ago)\n");
	r.nlisteners = 0;
	print(report_print_listeners, &r);
	assert_string_equal(text, "");
}

static void
what_ends_soon_says_what_to_do(void **state)
{
	struct report r = report();

	(void)state;
	v[0].is_soon = true;
	v[0].pair = S("kept");
	v[0].pair_text = S("half of it");
	v[0].pair_fix = S("write all");
	r.nlisteners = 1;
	print(report_print_listeners, &r);
	assert_non_null(strstr(text,
	    "    cert    the one from before is in use: half of it\n"
	    "    do      write all\n"
	    "    ends    the certificate ends in 40 days\n"
	    "    do      renew it\n"));
	/* Nothing that a server says steers the terminal. */
	v[0].pair_text = S("\033[2J");
	print(report_print_listeners, &r);
	assert_null(strchr(text, '\033'));
}

static void
assert_keys(json_t *o, const char *want)
{
	char keys[512] = "";
	const char *key;
	json_t *value;

	json_object_foreach(o, key, value)
	{
		(void)value;
		strlcat(keys, *keys == '\0' ? "" : " ", sizeof(keys));
		strlcat(keys, key, sizeof(keys));
	}
	assert_string_equal(keys, want);
}

static const char *
text_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void
what_programs_read(void **state)
{
	struct report r = report();
	json_t *all = report_json_listeners(&r), *o, *one;

	(void)state;
	assert_int_equal(json_array_size(all), 3);
	o = json_array_get(all, 0);
	assert_keys(o,
	    "name address port lent state since text fix tls tls_min auth "
	    "connections connections_max messages turned_away refused "
	    "certificate expires");
	assert_true(json_is_null(json_object_get(o, "since")));
	assert_string_equal(text_of(o, "tls_min"), "1.0");
	assert_int_equal(json_integer_value(json_object_get(o, "messages")), 9);
	one = json_object_get(o, "certificate");
	assert_keys(one, "state since text fix");
	assert_string_equal(text_of(one, "state"), "good");
	one = json_array_get(json_object_get(o, "expires"), 0);
	assert_keys(one, "what at days source text fix");
	assert_string_equal(text_of(one, "what"), "listener_certificate");
	assert_int_equal(json_integer_value(json_object_get(one, "days")), 40);
	o = json_array_get(all, 1);
	assert_string_equal(text_of(o, "state"), "shut");
	assert_string_equal(text_of(o, "since"), "2026-11-29T23:53:20Z");
	assert_string_equal(text_of(o, "text"), "it is taken");
	assert_string_equal(text_of(o, "fix"), "free it");
	assert_true(json_is_null(json_object_get(o, "certificate")));
	assert_int_equal(json_array_size(json_object_get(o, "expires")), 0);
	o = json_array_get(all, 2);
	assert_true(json_is_true(json_object_get(o, "lent")));
	one = json_object_get(o, "certificate");
	assert_string_equal(text_of(one, "text"), "no such file");
	assert_string_equal(text_of(one, "fix"), "mend it");
	json_decref(all);
}

/* ---- metrics ---- */

static void
put_metrics(const struct report *r, FILE *to)
{
	struct exposition x;

	exposition_init(&x, to);
	report_metrics_listeners(r, &x);
	exposition_clear(&x);
}

static void
says(const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("\"%s\" is not in it", line);
}

#define A "{listener=\"copiers-of-floor-2\""
#define B "{listener=\"scan\""
#define C "{listener=\"tls\""
#define M "\nmailchute_listener_"

static void
each_figure_is_a_sample(void **state)
{
	struct report r = report();

	(void)state;
	r.host.started_at = NOW - 5;
	print(put_metrics, &r);
	says(M "state" A ",state=\"open\"} 1\n");
	says(M "state" A ",state=\"shut\"} 0\n");
	says(M "state" A ",state=\"stuck\"} 0\n");
	says(M "state" B ",state=\"shut\"} 1\n");
	says(M "connections" A "} 2\n");
	says(M "connections_limit" A "} 40\n");
	says(M "messages_total" A "} 9\n");
	says(M "messages_total" B "} 0\n");
	says(M "turned_away_clients_total" A "} 8\n");
	says(M "refusals_total" A "} 7\n");
	says(M "certificate_state" A ",state=\"good\"} 1\n");
	says(M "certificate_state" C ",state=\"missing\"} 1\n");
	says(M "certificate_state" C ",state=\"good\"} 0\n");
	says(M "certificate_expires_timestamp_seconds" A "} 1799456000\n");
	says(M "certificate_expires_timestamp_seconds" C "} NaN\n");
	/* One without TLS has none. */
	assert_null(strstr(text, "certificate_state" B));
	assert_null(strstr(text, "timestamp_seconds" B));
	/* Without a daemon nothing is counted. */
	r.host.started_at = 0;
	print(put_metrics, &r);
	assert_null(strstr(text, "_total"));
	says(M "state" B ",state=\"shut\"} 1\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_read),
		cmocka_unit_test(what_ends_soon_says_what_to_do),
		cmocka_unit_test(what_programs_read),
		cmocka_unit_test(each_figure_is_a_sample),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("admin_listener", tests, NULL, NULL);
}
