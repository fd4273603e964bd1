/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/json.h"

#define S(literal) ((char *)(uintptr_t)(literal))

/* The keys of an object, in their order, with blanks between. */
static void
assert_keys(json_t *o, const char *want)
{
	char keys[512] = "";
	const char *key;
	json_t *value;

	json_object_foreach(o, key, value)
	{
		(void)value;
		if (*keys != '\0')
			strlcat(keys, " ", sizeof(keys));
		strlcat(keys, key, sizeof(keys));
	}
	assert_string_equal(keys, want);
}

/* The documented keys come first and in order; more may follow. */
static void
message_has_its_keys(void **state)
{
	const struct ctl_message m = { S("0199A1B2C3D4"), S("queued"), S(""),
		NULL, S("<a@b>"), 2048, 1700000000, 0, 4294967294U,
		S("bounce") };
	struct ctl_recipient r = { .address = S("bob@example.com"),
		.state = S("queued"),
		.code = 450,
		.text = S("450 busy"),
		.next_at = 1700000060 };
	const struct ctl_attempt a = { .at = 1700000000,
		.outcome = S("deferred") };
	json_t *o = json_message(&m), *list, *one;

	(void)state;
	assert_keys(o,
	    "id state sender account size arrived_at attempts uid message_id "
	    "recipients kind");
	json_add_recipient(o, &r, 1700000059);
	/* A next try that is over is now, and none stays none. */
	json_add_recipient(o, &r, 1700000061);
	r.next_at = 0;
	json_add_recipient(o, &r, 1700000061);
	list = json_object_get(o, "recipients");
	assert_int_equal(json_array_size(list), 3);
	one = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(one, "next_at")),
	    "2023-11-14T22:14:21Z");
	one = json_array_get(list, 2);
	assert_true(json_is_null(json_object_get(one, "next_at")));
	one = json_array_get(list, 0);
	assert_keys(
	    one, "address state code status text meaning fix next_at since");
	assert_int_equal(json_integer_value(json_object_get(one, "code")), 450);
	assert_true(json_is_null(json_object_get(one, "status")));
	assert_string_equal(json_string_value(json_object_get(one, "next_at")),
	    "2023-11-14T22:14:20Z");
	assert_true(json_is_null(json_object_get(o, "account")));
	assert_string_equal(
	    json_string_value(json_object_get(o, "sender")), "");
	assert_int_equal(json_integer_value(json_object_get(o, "attempts")), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(o, "uid")), 4294967294);
	json_add_attempt(o, &a);
	json_add_attempt(o, &a);
	assert_int_equal(json_array_size(json_object_get(o, "timeline")), 2);
	json_decref(o);
}

static void
status_has_its_keys(void **state)
{
	static const char *const documented[] = { "verdict", "since", "waiting",
		"held", "failed", "oldest_at", "accounts" };
	static const char *const of_account[] = { "name", "state", "since",
		"code", "text", "meaning", "fix", "next_at", "sent_minute",
		"sent_day", "connections", "tls" };
	const struct ctl_totals t = { .verdict = S("ok"), .waiting = 3 };
	const struct ctl_account a = { .name = S(""),
		.state = S("held"),
		.tls = S(""),
		.next_at = 1700000060 };
	const struct ctl_alarm alarm = { .kind = S("stall"),
		.account = S("alerts"),
		.since = 1700000000,
		.text = S("nothing goes") };
	struct json_lists l = { json_array(), json_array(), json_array(),
		json_array() };
	json_t *o, *one;
	size_t i;

	(void)state;
	json_array_append_new(l.accounts, json_account(&a, 1700000061));
	json_array_append_new(l.alarms, json_alarm(&alarm));
	o = json_status(&t, true, &l);
	for (i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		assert_non_null(json_object_get(o, documented[i]));
	assert_int_equal(json_integer_value(json_object_get(o, "waiting")), 3);
	assert_true(json_is_null(json_object_get(o, "oldest_at")));
	one = json_array_get(json_object_get(o, "accounts"), 0);
	for (i = 0; i < sizeof(of_account) / sizeof(of_account[0]); i++)
		assert_non_null(json_object_get(one, of_account[i]));
	assert_string_equal(json_string_value(json_object_get(one, "next_at")),
	    "2023-11-14T22:14:21Z");
	assert_true(json_is_null(json_object_get(one, "tls")));
	one = json_array_get(json_object_get(o, "alarms"), 0);
	assert_keys(one, "kind account since text fix");
	assert_string_equal(json_string_value(json_object_get(one, "since")),
	    "2023-11-14T22:13:20Z");
	assert_true(json_is_null(json_object_get(one, "fix")));
	json_decref(o);
	/* Nobody gave figures: 0 would be a false comfort. */
	l = (struct json_lists){ json_array(), json_array(), json_array(),
		json_array() };
	o = json_status(&t, false, &l);
	assert_true(json_is_null(json_object_get(o, "waiting")));
	assert_true(json_is_null(json_object_get(o, "paused")));
	json_decref(o);
}

static void
event_has_its_keys(void **state)
{
	const struct ctl_event ev = { .at = 1700000060,
		.what = S("bounced"),
		.id = S("0199A1B2C3D4"),
		.sender = S(""),
		.address = S("bob@example.com"),
		.relay = S(""),
		.code = 550,
		.arrived_at = 1700000000 };
	json_t *o = json_event(&ev);

	(void)state;
	assert_keys(o, "id what at sender address original account size "
		       "arrived_at uid message_id "
		       "relay code status text");
	assert_string_equal(json_string_value(json_object_get(o, "at")),
	    "2023-11-14T22:14:20Z");
	assert_string_equal(
	    json_string_value(json_object_get(o, "sender")), "");
	assert_true(json_is_null(json_object_get(o, "relay")));
	assert_true(json_is_null(json_object_get(o, "message_id")));
	assert_int_equal(json_integer_value(json_object_get(o, "code")), 550);
	json_decref(o);
}

static void
any_bytes_become_json(void **state)
{
	static const struct {
		const char *text, *want;
	} texts[] = {
		{ "", "\"\"" },
		{ "a\"\\", "\"a\\\"\\\\\"" },
		{ "\033[2J", "\"\\u001B[2J\"" },
		{ "\xc3\xa9", "\"\\u00E9\"" },
		{ "\xc2\x9b", "\"\\u009B\"" },
		{ "a\xff"
		  "b",
		    "\"a\\uFFFDb\"" },
		{ "\xc3", "\"\\uFFFD\"" },
		{ "\xed\xa0\x80", "\"\\uFFFD\\uFFFD\\uFFFD\"" },
	};
	char *text;
	FILE *out;
	size_t i, n;
	json_t *list;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char want[64];

		list = json_array();
		json_array_append_new(list, json_text(texts[i].text));
		out = open_memstream(&text, &n);
		json_put_line(out, list);
		fclose(out);
		snprintf(want, sizeof(want), "[%s]\n", texts[i].want);
		assert_string_equal(text, want);
		free(text);
	}
	list = json_text(NULL);
	assert_true(json_is_null(list));
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_has_its_keys),
		cmocka_unit_test(status_has_its_keys),
		cmocka_unit_test(event_has_its_keys),
		cmocka_unit_test(any_bytes_become_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
