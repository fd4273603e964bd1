/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/qp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DSN_CAP  (256 * 1024)

static const char headers[] = "From: alice@contoso.com\r\n"
			      "Message-ID: <1@web01>\r\n"
			      "Subject: x\r\n";

static struct dsn
make_dsn(enum dsn_kind kind, const struct dsn_rcpt *rcpts, size_t n)
{
	struct dsn d = {
		.kind = kind,
		.from = "Mail Delivery System <alerts@contoso.com>",
		.to = "alice@contoso.com",
		.hostname = "web01.contoso.com",
		.queue_id = "0192A3B4C5D6",
		.message_id = "<2@web01.contoso.com>",
		.now = 1795468834,
		.arrived_at = 1795465234,
		.rcpts = rcpts,
		.nrcpts = n,
		.headers = headers,
		.headers_len = sizeof(headers) - 1,
	};

	return d;
}

static char *
write_dsn(const struct dsn *d)
{
	struct buf b;

	buf_init(&b, DSN_CAP);
	assert_int_equal(dsn_put(&b, d), 0);
	assert_true(text_is_7bit(b.data, b.len));
	return buf_steal(&b);
}

static void
assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no [%s] in [%s]", part, text);
}

static const struct dsn_rcpt unknown = {
	.address = "nobody@example.com",
	.status = "5.1.1",
	.code = 550,
	.text = "5.1.1 User unknown",
	.relay = "smtp.office365.com",
	.fix = "Check the address.",
};

static void
a_failure_to_the_letter(void **state)
{
	static const char want[] =
	    "Date: Mon, 23 Nov 2026 21:20:34 +0000\r\n"
	    "From: Mail Delivery System <alerts@contoso.com>\r\n"
	    "To: <alice@contoso.com>\r\n"
	    "Subject: Your mail was not delivered\r\n"
	    "Message-ID: <2@web01.contoso.com>\r\n"
	    "References: <1@web01>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "X-Mailchute-Notice: failed\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    " boundary=\"=_0192A3B4C5D6.0\"\r\n"
	    "\r\n"
	    "--=_0192A3B4C5D6.0\r\n"
	    "Content-Type: text/plain\r\n"
	    "\r\n"
	    "This is the mail system at web01.contoso.com.\r\n"
	    "\r\n"
	    "The message that you sent on Mon, 23 Nov 2026 20:20:34 +0000 "
	    "(queue id\r\n"
	    "0192A3B4C5D6) could not be delivered. It will not be tried "
	    "again.\r\n"
	    "\r\n"
	    "This is about one recipient:\r\n"
	    "\r\n"
	    "  nobody@example.com\r\n"
	    "    What happened: The mailbox does not exist.\r\n"
	    "    smtp.office365.com said: 550 5.1.1 User unknown\r\n"
	    "    What to do: Check the address.\r\n"
	    "\r\n"
	    "A report for programs and the header of the message follow.\r\n"
	    "\r\n"
	    "--=_0192A3B4C5D6.0\r\n"
	    "Content-Type: message/delivery-status\r\n"
	    "\r\n"
	    "Reporting-MTA: dns; web01.contoso.com\r\n"
	    "Arrival-Date: Mon, 23 Nov 2026 20:20:34 +0000\r\n"
	    "X-Mailchute-Queue-Id: 0192A3B4C5D6\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; nobody@example.com\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; smtp.office365.com\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
	    "\r\n"
	    "--=_0192A3B4C5D6.0\r\n"
	    "Content-Type: text/rfc822-headers\r\n"
	    "\r\n"
	    "From: alice@contoso.com\r\n"
	    "Message-ID: <1@web01>\r\n"
	    "Subject: x\r\n"
	    "\r\n"
	    "--=_0192A3B4C5D6.0--\r\n";
	struct dsn d = make_dsn(DSN_FAILED, &unknown, 1);
	char *got = write_dsn(&d);

	(void)state;
	assert_string_equal(got, want);
	free(got);
}

static void
kinds_tell_what_will_happen(void **state)
{
	struct dsn_rcpt r = { .address = "a@b.c", .text = "" };
	struct dsn d = make_dsn(DSN_DELAYED, &r, 1);
	char *got = write_dsn(&d);

	(void)state;
	assert_holds(got, "Action: delayed\r\nStatus: 4.0.0\r\n");
	assert_holds(got, "nothing that you must do");
	assert_holds(got, "X-Mailchute-Notice: delayed\r\n");
	assert_holds(got, "Diagnostic-Code: x-mailchute;\r\n");
	assert_null(strstr(got, "Remote-MTA"));
	free(got);
	d.kind = DSN_EXPIRED;
	got = write_dsn(&d);
	assert_holds(got, "Action: failed\r\nStatus: 4.4.7\r\n");
	assert_holds(got, "given up");
	free(got);
}

static void
what_the_sender_gave_comes_back_to_him(void **state)
{
	struct dsn_rcpt r[2] = { unknown, unknown };
	struct dsn d = make_dsn(DSN_FAILED, r, 2);
	char *got;

	(void)state;
	r[0].original = "root";
	r[0].orcpt = "rfc822;a+2Bb@x";
	r[0].meaning = "A meaning of its own.";
	r[1].address = "second@example.com";
	r[1].text = NULL;
	d.envid = "id+2B1+zz+";
	got = write_dsn(&d);
	assert_holds(got, "    You wrote to: root\r\n");
	assert_holds(got, "What happened: A meaning of its own.\r\n");
	assert_holds(got, "Original-Recipient: rfc822;a+b@x\r\n");
	assert_holds(got, "Original-Envelope-Id: id+1+zz+\r\n");
	assert_holds(got, "\r\n\r\nFinal-Recipient: rfc822; second@");
	assert_holds(got, "about these recipients:");
	free(got);
}

static void
text_beyond_ascii_goes_as_7_bits(void **state)
{
	static const char latin1[] = "Subject: M\xfcller\r\n";
	struct dsn_rcpt r = unknown;
	struct dsn d = make_dsn(DSN_FAILED, &r, 1);
	char *got;

	(void)state;
	r.address = "m\xc3\xbcller+x@example.com";
	r.text = "5.1.1 Empf\xc3\xa4nger unbekannt";
	d.to = "\xc3\xbc@contoso.com";
	d.headers = latin1;
	d.headers_len = sizeof(latin1) - 1;
	got = write_dsn(&d);
	assert_holds(got, "Content-Type: text/plain; charset=utf-8\r\n"
			  "Content-Transfer-Encoding: quoted-printable\r\n");
	assert_holds(got, "Empf=C3=A4nger");
	assert_holds(got,
	    "Final-Recipient: utf-8; m\\x{FC}ller\\x{2B}x@example.com\r\n");
	assert_holds(got, "=?UTF-8?Q?550_5=2E1=2E1_Empf=C3=A4nger_unbekannt?=");
	assert_holds(got, "text/rfc822-headers; charset=iso-8859-1\r\n"
			  "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			  "Subject: M=FCller\r\n");
	assert_holds(got, "To: undisclosed-recipients:;\r\n");
	free(got);
}

/* A server's words can add no field, no part and no terminal's command. */
static void
hostile_words_stay_words(void **state)
{
	static const char evil[] = "x\r\n\r\n--=_0192A3B4C5D6.0\r\nBcc: y\r\n"
				   "\x1b[31m\xff\xfe";
	struct dsn_rcpt r = unknown;
	struct dsn d = make_dsn(DSN_FAILED, &r, 1);
	char *got, *p;
	size_t parts = 0;

	(void)state;
	r.text = r.meaning = r.fix = r.relay = r.orcpt = r.original = evil;
	d.envid = evil;
	got = write_dsn(&d);
	assert_null(strstr(got, "\nBcc"));
	assert_null(strchr(got, '\x1b'));
	/* the boundary moved away from theirs */
	assert_holds(got, "boundary=\"=_0192A3B4C5D6.1\"");
	for (p = got; (p = strstr(p, "\n--=_0192A3B4C5D6.1")) != NULL; p++)
		parts++;
	assert_int_equal(parts, 4);
	free(got);
}

static void
the_boundary_stands_nowhere_else(void **state)
{
	static const char taken[] = "X: =_0192A3B4C5D6.0\r\n"
				    "Y: =_0192A3B4C5D6.1\r\n"
				    "=_0192A3B4C5D6.2\r\n";
	struct dsn d = make_dsn(DSN_FAILED, &unknown, 1);
	char *got;

	(void)state;
	d.headers = taken;
	d.headers_len = sizeof(taken) - 1;
	got = write_dsn(&d);
	assert_holds(got, "boundary=\"=_0192A3B4C5D6.3\"");
	free(got);
}

static void
a_long_header_is_cut_between_lines(void **state)
{
	size_t n = 100000, i;
	char *long_headers = xmalloc(n), *got, *last;
	struct dsn d = make_dsn(DSN_FAILED, &unknown, 1);

	(void)state;
	for (i = 0; i < n; i++)
		long_headers[i] = "X-A: b\r\n"[i % 8];
	d.headers = long_headers;
	d.headers_len = n;
	got = write_dsn(&d);
	assert_true(strlen(got) < 40000);
	assert_holds(got, "X-A: b\r\n\r\n--=_");
	/* one endless line: nothing of it can be shown */
	memset(long_headers, 'x', n);
	free(got);
	got = write_dsn(&d);
	last = strstr(got, "text/rfc822-headers");
	assert_non_null(last);
	assert_null(strstr(last, "xxxx"));
	free(got);
	d.headers = NULL;
	d.headers_len = 0;
	got = write_dsn(&d);
	assert_null(strstr(got, "References"));
	free(got);
	free(long_headers);
}

static void
a_full_buffer_is_told(void **state)
{
	struct dsn d = make_dsn(DSN_FAILED, &unknown, 1);
	char *whole = write_dsn(&d);
	struct buf b;
	size_t cap, n = strlen(whole);

	(void)state;
	for (cap = 0; cap <= n; cap += cap + 64 > n && cap < n ? n - cap : 64) {
		buf_init(&b, cap);
		assert_int_equal(dsn_put(&b, &d), cap == n ? 0 : -1);
		buf_clear(&b);
	}
	free(whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_to_the_letter),
		cmocka_unit_test(kinds_tell_what_will_happen),
		cmocka_unit_test(what_the_sender_gave_comes_back_to_him),
		cmocka_unit_test(text_beyond_ascii_goes_as_7_bits),
		cmocka_unit_test(hostile_words_stay_words),
		cmocka_unit_test(the_boundary_stands_nowhere_else),
		cmocka_unit_test(a_long_header_is_cut_between_lines),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests_name("dsn", tests, NULL, NULL);
}
