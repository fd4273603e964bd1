/* SPDX-License-Identifier: ISC */
/* What the sender is told by mail. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/dsn.h"
#include "sendmail/notice.h"

/* CRLF at each line's end and nowhere a control or an overlong line. */
static void
check_form(const struct buf *b)
{
	size_t i, line = 0;

	for (i = 0; i < b->len; i++) {
		if (b->data[i] == '\r') {
			assert_true(i + 1 < b->len && b->data[i + 1] == '\n');
			i++;
			line = 0;
			continue;
		}
		assert_true((unsigned char)b->data[i] >= ' ');
		assert_true(++line <= 998);
	}
	assert_int_equal(line, 0);
}

static void
put(struct buf *b, const char *why, struct strlist *bad, char *message_id)
{
	struct envelope env;
	struct notice n = { &env, bad, why, "example.com", "web01.example.com",
		"Mon, 23 Nov 2026 21:20:34 +0100" };

	envelope_init(&env);
	env.message_id = message_id;
	notice_put(b, &n, "root@example.com", "<2@web01.example.com>");
}

static void
nothing_was_sent(void **state)
{
	struct strlist bad = { NULL, 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	put(&b, "no recipients", &bad, NULL);
	check_form(&b);
	assert_non_null(strstr(b.data, "Subject: Your message was not sent\r"));
	assert_non_null(strstr(b.data, "It was not sent: no recipients\r\n"));
	assert_non_null(strstr(b.data, "\r\n" DSN_MARK ": "));
	assert_non_null(strstr(b.data, "\r\nAuto-Submitted: auto-replied\r\n"));
	assert_null(strstr(b.data, "These recipients"));
	buf_clear(&b);
}

static void
hostile_recipients_stay_on_their_lines(void **state)
{
	char id[] = "<1@web01.example.com>";
	struct strlist bad = { NULL, 0 };
	struct buf b;
	size_t i;

	(void)state;
	strlist_add(&bad, "x\r\n.\r\n\033: no address");
	for (i = 0; i < 300; i++)
		strlist_add(&bad, "bad@@: no address");
	buf_init(&b, 1 << 20);
	put(&b, NULL, &bad, id);
	check_form(&b);
	assert_non_null(strstr(b.data, "not sent to everybody"));
	assert_non_null(strstr(b.data, "Message: <1@web01.example.com>"));
	assert_non_null(strstr(b.data, "    x\\x0d\\x0a.\\x0d\\x0a\\x1b: no"));
	assert_non_null(strstr(b.data, "    and 201 more\r\n"));
	strlist_clear(&bad);
	buf_clear(&b);
}

static void
nobody_is_told_about_a_null_sender(void **state)
{
	const struct route to = { "/nonexistent/submit",
		{ "/nonexistent/drop", "nobody", true, false, 0 } };
	struct strlist bad = { NULL, 0 };
	struct report r;
	struct envelope env;
	char nobody[] = "", somebody[] = "root";
	struct notice n = { &env, &bad, "x", "example.com", "web01", "date" };

	(void)state;
	report_init(&r, NULL, true);
	envelope_init(&env);
	assert_int_equal(notice_send(&n, &to, &r), -1);
	env.sender = nobody;
	assert_int_equal(notice_send(&n, &to, &r), -1);
	/* nowhere to put it */
	env.sender = somebody;
	assert_int_equal(notice_send(&n, &to, &r), -1);
}

static void
tags_for_the_log(void **state)
{
	static const struct {
		const char *tag, *ident;
	} table[] = { { NULL, "sendmail" }, { "", "sendmail" },
		{ "cron-1.a_b", "cron-1.a_b" }, { "a b\n%s/", "abs" },
		{ "\033\n", "sendmail" },
		{ "0123456789012345678901234567890123456789",
		    "01234567890123456789012345678901" } };
	struct report r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		report_init(&r, table[i].tag, true);
		assert_string_equal(r.ident, table[i].ident);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_was_sent),
		cmocka_unit_test(hostile_recipients_stay_on_their_lines),
		cmocka_unit_test(nobody_is_told_about_a_null_sender),
		cmocka_unit_test(tags_for_the_log),
	};

	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
