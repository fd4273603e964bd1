/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_ctl.h"
#include "common/xalloc.h"

#define OUT_MAX (4 * (FRAME_MAX + FRAME_HEAD))

/* The only frame of b. */
static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
request_comes_back(void **state)
{
	struct ctl_request in, out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.verb = CTL_FLUSH;
	strlist_add(&in.ids, "0199A1B2C3D4");
	strlist_add(&in.ids, "0199A1B2C3D5");
	in.body = true;
	in.match_id = xstrdup("A1");
	in.match_rcpt = xstrdup("bob");
	in.match_sender = xstrdup("");
	in.word = xstrdup("<a@b>");
	in.account = xstrdup("printers");
	in.for_s = 86400;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_request(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_request(&f, &out, &e), 0);
	assert_int_equal(out.verb, CTL_FLUSH);
	assert_int_equal(out.ids.n, 2);
	assert_string_equal(out.ids.v[1], "0199A1B2C3D5");
	assert_false(out.all);
	assert_true(out.body);
	assert_string_equal(out.match_id, "A1");
	assert_string_equal(out.match_rcpt, "bob");
	assert_string_equal(out.match_sender, "");
	assert_string_equal(out.word, "<a@b>");
	assert_string_equal(out.account, "printers");
	assert_int_equal(out.for_s, 86400);
	ctl_request_clear(&in);
	ctl_request_clear(&out);
	buf_clear(&b);
}

static void
message_and_recipient_come_back(void **state)
{
	struct ctl_message m = { (char *)(uintptr_t) "0199A1B2C3D4",
		(char *)(uintptr_t) "queued", (char *)(uintptr_t) "", NULL,
		(char *)(uintptr_t) "<a@b>", 4096, 1700000000, 3, 4294967294U,
		(char *)(uintptr_t) "bounce" };
	struct ctl_recipient r = { .address = (char *)(uintptr_t) "bob@b",
		.state = (char *)(uintptr_t) "queued",
		.code = 450,
		.status = (char *)(uintptr_t) "4.2.1",
		.text = (char *)(uintptr_t) "450 4.2.1 \033[2J",
		.next_at = 1700000060 };
	struct ctl_message m2;
	struct ctl_recipient r2;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_message(&b, &m), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_message(&f, &m2, &e), 0);
	assert_string_equal(m2.sender, "");
	assert_null(m2.account);
	assert_int_equal(m2.uid, 4294967294U);
	assert_int_equal(m2.attempts, 3);
	assert_string_equal(m2.kind, "bounce");
	ctl_message_clear(&m2);

	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_recipient(&b, &r), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_recipient(&f, &r2, &e), 0);
	assert_string_equal(r2.text, r.text);
	assert_null(r2.original);
	assert_int_equal(r2.next_at, 1700000060);
	ctl_recipient_clear(&r2);
	/* A frame of another type is none. */
	assert_int_equal(ctl_get_message(&f, &m2, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	buf_clear(&b);
}

static void
status_comes_back(void **state)
{
	struct ctl_account a = { .name = (char *)(uintptr_t) "",
		.state = (char *)(uintptr_t) "held",
		.since = 5,
		.code = 535,
		.fix = (char *)(uintptr_t) "change it",
		.sent_minute = 1,
		.rate_count = 28,
		.rate_per_s = 60,
		.rcpts_max = 10000,
		.connections_max = 2,
		.legacy = (char *)(uintptr_t) "fallback",
		.legacy_host = (char *)(uintptr_t) "old.example:587",
		.legacy_since = 5,
		.legacy_until = 3605,
		.old_tls = 1,
		.old_tls_ever = 9 };
	struct ctl_totals t = { .messages = 7,
		.paused = true,
		.verdict = (char *)(uintptr_t) "critical",
		.reason = (char *)(uintptr_t) "the account is held" };
	struct ctl_alarm m = { .kind = (char *)(uintptr_t) "stall",
		.since = 5,
		.text = (char *)(uintptr_t) "nothing goes" };
	struct ctl_account a2;
	struct ctl_totals t2;
	struct ctl_alarm m2;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_account(&b, &a), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_account(&f, &a2, &e), 0);
	assert_string_equal(a2.state, "held");
	assert_int_equal(a2.rate_count, 28);
	assert_int_equal(a2.connections_max, 2);
	assert_string_equal(a2.legacy, "fallback");
	assert_string_equal(a2.legacy_host, "old.example:587");
	assert_int_equal(a2.legacy_since, 5);
	assert_int_equal(a2.legacy_until, 3605);
	assert_int_equal(a2.old_tls, 1);
	assert_int_equal(a2.old_tls_ever, 9);
	ctl_account_clear(&a2);
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_totals(&b, &t), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_totals(&f, &t2, &e), 0);
	assert_int_equal(t2.messages, 7);
	assert_true(t2.paused);
	assert_false(t2.delivery_off);
	assert_string_equal(t2.reason, "the account is held");
	ctl_totals_clear(&t2);
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_alarm(&b, &m), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_alarm(&f, &m2, &e), 0);
	assert_string_equal(m2.kind, "stall");
	assert_null(m2.account);
	assert_null(m2.fix);
	assert_int_equal(m2.since, 5);
	assert_string_equal(m2.text, "nothing goes");
	ctl_alarm_clear(&m2);
	/* Of what kind it is must be said. */
	buf_truncate(&b, 0);
	m.kind = NULL;
	assert_int_equal(ctl_put_alarm(&b, &m), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_alarm(&f, &m2, &e), -1);
	buf_clear(&b);
}

static void
session_comes_back(void **state)
{
	struct ctl_session in = { .account = (char *)(uintptr_t) "shop",
		.relay = (char *)(uintptr_t) "smtp.office365.com",
		.tls = (char *)(uintptr_t) "TLSv1.3",
		.issuer = (char *)(uintptr_t) "DigiCert",
		.cert_until = 1800000000,
		.offers = (char *)(uintptr_t) "SIZE 1000, DSN",
		.phase = (char *)(uintptr_t) "AUTH",
		.code = 535,
		.fix = (char *)(uintptr_t) "check it",
		.probe = { .took = (char *)(uintptr_t) "a@example.com",
		    .code = 550 },
		.server_at = 1800000100,
		.greeted_at = 1799999900 };
	struct ctl_session out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_session(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_session(&f, &out, &e), 0);
	assert_string_equal(out.account, "shop");
	assert_string_equal(out.issuer, "DigiCert");
	assert_true(out.cert_until == 1800000000);
	assert_string_equal(out.offers, "SIZE 1000, DSN");
	assert_string_equal(out.phase, "AUTH");
	assert_int_equal(out.code, 535);
	assert_null(out.user);
	assert_string_equal(out.probe.took, "a@example.com");
	assert_int_equal(out.probe.code, 550);
	assert_null(out.probe.sender);
	assert_true(out.server_at == 1800000100);
	assert_true(out.greeted_at == 1799999900);
	ctl_session_clear(&out);
	f.type = CTL_ALARM;
	assert_int_equal(ctl_get_session(&f, &out, &e), -1);
	/* Whose it is must be said. */
	buf_truncate(&b, 0);
	in.account = NULL;
	assert_int_equal(ctl_put_session(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_session(&f, &out, &e), -1);
	buf_clear(&b);
}

static void
event_comes_back(void **state)
{
	struct ctl_event ev = { .at = 9,
		.what = (char *)(uintptr_t) "bounced",
		.id = (char *)(uintptr_t) "0199A1B2C3D4",
		.sender = (char *)(uintptr_t) "",
		.address = (char *)(uintptr_t) "bob@b",
		.original = (char *)(uintptr_t) "team",
		.relay = (char *)(uintptr_t) "mx",
		.code = 550,
		.text = (char *)(uintptr_t) "no \033[2J",
		.size = 281,
		.arrived_at = 8,
		.uid = 4294967294U };
	struct ctl_event out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_event(&b, &ev), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_event(&f, &out, &e), 0);
	assert_int_equal(out.at, 9);
	assert_string_equal(out.what, "bounced");
	assert_string_equal(out.sender, "");
	assert_string_equal(out.address, "bob@b");
	assert_string_equal(out.original, "team");
	assert_string_equal(out.text, ev.text);
	assert_null(out.status);
	assert_int_equal(out.code, 550);
	assert_int_equal(out.size, 281);
	assert_int_equal(out.arrived_at, 8);
	assert_int_equal(out.uid, 4294967294U);
	ctl_event_clear(&out);
	/* One that does not say what happened is none. */
	buf_truncate(&b, 0);
	ev.what = NULL;
	assert_int_equal(ctl_put_event(&b, &ev), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_event(&f, &out, &e), -1);
	assert_null(out.id);
	buf_clear(&b);
}

static void
attempt_words_and_end_come_back(void **state)
{
	struct ctl_attempt a = {
		.at = 9, .outcome = (char *)(uintptr_t) "deferred", .code = 421
	};
	struct ctl_attempt a2;
	struct frame f;
	struct err e;
	struct buf b;
	char *text;
	int status;

	(void)state;
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_attempt(&b, &a), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_attempt(&f, &a2, &e), 0);
	assert_int_equal(a2.code, 421);
	ctl_attempt_clear(&a2);

	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_said(&b, "held 1 message"), 0);
	f = only_frame(&b);
	text = ctl_get_said(&f, &e);
	assert_string_equal(text, "held 1 message");
	free(text);
	assert_int_equal(ctl_get_done(&f, &status, &text, &e), -1);

	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_done(&b, 77, "not yours"), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_done(&f, &status, &text, &e), 0);
	assert_int_equal(status, 77);
	assert_string_equal(text, "not yours");
	free(text);
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_done(&b, 0, NULL), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_done(&f, &status, &text, &e), 0);
	assert_null(text);
	buf_clear(&b);
}

/* ---- what is refused ---- */

#define CURRENT \
	{ \
		1, NULL, CTL_VERSION \
	}
#define ALL \
	{ 4, NULL, 0 }, \
	{ \
		5, NULL, 0 \
	}

static const struct {
	const char *what;
	struct {
		uint8_t tag;
		const char *text; /* NULL: a number */
		uint64_t v;
	} fields[6];
	size_t n;
} requests[] = {
	{ "nothing", { { 0, NULL, 0 } }, 0 },
	{ "no version", { { 2, NULL, CTL_LIST }, ALL }, 3 },
	{ "a newer version",
	    { { 1, NULL, CTL_VERSION + 1 }, { 2, NULL, CTL_LIST }, ALL }, 4 },
	{ "an older version",
	    { { 1, NULL, CTL_VERSION - 1 }, { 2, NULL, CTL_LIST }, ALL }, 4 },
	{ "the version as text", { { 1, "1", 0 }, { 2, NULL, 1 }, ALL }, 4 },
	{ "no verb", { CURRENT, ALL }, 3 },
	{ "verb 0", { CURRENT, { 2, NULL, 0 }, ALL }, 4 },
	{ "an unknown verb", { CURRENT, { 2, NULL, CTL_METRICS + 1 }, ALL },
	    4 },
	{ "two verbs", { CURRENT, { 2, NULL, 1 }, { 2, NULL, 2 }, ALL }, 5 },
	{ "an unknown field", { CURRENT, { 2, NULL, 1 }, ALL, { 10, "x", 0 } },
	    5 },
	{ "a bool of 2",
	    { CURRENT, { 2, NULL, 1 }, { 4, NULL, 2 }, { 5, NULL, 0 } }, 4 },
};

static void
refuses_malformed_requests(void **state)
{
	struct ctl_request r;
	struct frame f;
	struct err e;
	struct buf b;
	ssize_t start;
	size_t i, j;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		buf_truncate(&b, 0);
		start = frame_begin(&b, CTL_REQUEST);
		for (j = 0; j < requests[i].n; j++)
			if (requests[i].fields[j].text != NULL)
				field_put_str(&b, requests[i].fields[j].tag,
				    requests[i].fields[j].text);
			else
				field_put_u64(&b, requests[i].fields[j].tag,
				    requests[i].fields[j].v);
		frame_end(&b, start);
		f = only_frame(&b);
		if (ctl_get_request(&f, &r, &e) != -1)
			fail_msg("took a request with %s", requests[i].what);
		assert_null(r.ids.v);
	}
	buf_clear(&b);
}

static void
refuses_too_many_ids(void **state)
{
	struct ctl_request in, out;
	struct frame f;
	struct err e;
	struct buf b;
	int i;

	(void)state;
	memset(&in, 0, sizeof(in));
	in.verb = CTL_HOLD;
	for (i = 0; i < CTL_IDS_MAX; i++)
		strlist_add(&in.ids, "0199A1B2C3D4");
	buf_init(&b, OUT_MAX);
	assert_int_equal(ctl_put_request(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_request(&f, &out, &e), 0);
	ctl_request_clear(&out);
	strlist_add(&in.ids, "0199A1B2C3D4");
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_request(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(ctl_get_request(&f, &out, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	ctl_request_clear(&in);
	buf_clear(&b);
}

static void
a_row_is_written_whole_or_not_at_all(void **state)
{
	struct buf b;
	size_t cap;

	(void)state;
	for (cap = 0; cap < 60; cap++) {
		buf_init(&b, cap);
		if (ctl_put_said(
			&b, "a line of some forty octets, or nearly") == 0)
			assert_int_equal(b.len, FRAME_HEAD + 5 + 38);
		else
			assert_int_equal(b.len, 0);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_comes_back),
		cmocka_unit_test(message_and_recipient_come_back),
		cmocka_unit_test(status_comes_back),
		cmocka_unit_test(session_comes_back),
		cmocka_unit_test(event_comes_back),
		cmocka_unit_test(attempt_words_and_end_come_back),
		cmocka_unit_test(refuses_malformed_requests),
		cmocka_unit_test(refuses_too_many_ids),
		cmocka_unit_test(a_row_is_written_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
