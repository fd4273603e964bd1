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

#include "common/xalloc.h"
#include "mail/digest.h"
#include "mail/header.h"
#include "mail/qp.h"

#define CAP (1024 * 1024)

static const char headers[] = "From: alice@contoso.com\r\n"
			      "Subject: Nightly backup\r\n";

static const struct dsn_rcpt unknown = {
	.address = "nobody@example.com",
	.status = "5.1.1",
	.code = 550,
	.text = "5.1.1 User unknown",
	.relay = "smtp.office365.com",
	.fix = "Check the address.",
};

static struct dsn
make_dsn(enum dsn_kind kind, const struct dsn_rcpt *rcpts, size_t n)
{
	return (struct dsn){
		.kind = kind,
		.hostname = "web01.contoso.com",
		.queue_id = "0192A3B4C5D6",
		.arrived_at = 1795465234,
		.rcpts = rcpts,
		.nrcpts = n,
		.headers = headers,
		.headers_len = sizeof(headers) - 1,
	};
}

static char *
make_note(const struct dsn *d)
{
	struct buf b;

	buf_init(&b, DIGEST_NOTE_MAX);
	digest_note(&b, d);
	return b.len == 0 ? xstrdup("") : buf_steal(&b);
}

static char *
note_of(enum dsn_kind kind, const struct dsn_rcpt *r)
{
	struct dsn d = make_dsn(kind, r, 1);

	return make_note(&d);
}

/* The report of such notes, whole, with "notice I" for each notice. */
static char *
make_report(const char *const *notes, size_t n, unsigned limit)
{
	struct strlist to = { NULL, 0 };
	struct digest d = {
		.from = "Mail Delivery System <alerts@contoso.com>",
		.to = &to,
		.hostname = "web01.contoso.com",
		.message_id = "<2@web01.contoso.com>",
		.boundary = "0123456789",
		.now = 1795468834,
		.notes = notes,
		.nnotes = n,
		.limit = limit,
	};
	struct buf b;
	size_t i;

	strlist_add(&to, "alice@contoso.com");
	buf_init(&b, CAP);
	assert_int_equal(digest_put_head(&b, &d), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(digest_put_next(&b, &d), 0);
		assert_int_equal(
		    buf_printf(&b, "Subject: notice %zu\r\n\r\nx\r\n", i), 0);
	}
	assert_int_equal(digest_put_end(&b, &d), 0);
	assert_true(text_is_7bit(b.data, b.len));
	strlist_clear(&to);
	return buf_steal(&b);
}

static void
assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no [%s] in [%s]", part, text);
}

static size_t
count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

static void
a_note_is_a_few_lines(void **state)
{
	char *note = note_of(DSN_FAILED, &unknown);

	(void)state;
	assert_string_equal(note,
	    "C0 The mailbox does not exist. Check the address.\n"
	    "A nobody@example.com\n"
	    "M \"Nightly backup\", sent on Mon, 23 Nov 2026 20:20:34 +0000, "
	    "queue id 0192A3B4C5D6\n"
	    "S smtp.office365.com said: 550 5.1.1 User unknown\n");
	free(note);
}

static void
a_note_has_each_cause_once(void **state)
{
	struct dsn_rcpt r[15];
	struct dsn d = make_dsn(DSN_FAILED, r, 15);
	char *note, names[15][16];
	size_t i;

	(void)state;
	for (i = 0; i < 15; i++) {
		r[i] = unknown;
		snprintf(names[i], sizeof(names[i]), "r%zu@b.cc", i);
		r[i].address = names[i];
	}
	r[3].meaning = "It is too large.";
	r[3].relay = NULL;
	d.headers_len = 0;
	note = make_note(&d);
	assert_holds(note, "C0 It is too large. Check the address.\n"
			   "A r3@b.cc\nM sent on Mon,");
	assert_holds(note, "S web01.contoso.com said: 550");
	assert_int_equal(count(note, "C0 "), 2);
	assert_holds(note,
	    "A r0@b.cc, r1@b.cc, r2@b.cc, r4@b.cc, r5@b.cc, r6@b.cc, "
	    "r7@b.cc, r8@b.cc, r9@b.cc, r10@b.cc and 4 more\n");
	free(note);
}

/* A note holds whole causes, and is never larger than it may be. */
static void
a_note_is_cut_between_causes(void **state)
{
	struct dsn_rcpt *r = xcalloc(200, sizeof(*r));
	struct dsn d = make_dsn(DSN_FAILED, r, 200);
	char *note, *why[200];
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		r[i] = unknown;
		why[i] = xasprintf("%0380zu", i);
		r[i].meaning = why[i];
	}
	note = make_note(&d);
	assert_true(strlen(note) > DIGEST_NOTE_MAX / 2);
	assert_int_equal(count(note, "C0 "), count(note, "\nS "));
	assert_int_equal(note[strlen(note) - 1], '\n');
	free(note);
	for (i = 0; i < 200; i++)
		free(why[i]);
	free(r);
}

static void
a_report_to_the_letter(void **state)
{
	static const char want[] =
	    "Date: Mon, 23 Nov 2026 21:20:34 +0000\r\n"
	    "From: Mail Delivery System <alerts@contoso.com>\r\n"
	    "To: <alice@contoso.com>\r\n"
	    "Subject: 2 messages were not delivered\r\n"
	    "Message-ID: <2@web01.contoso.com>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "X-Mailchute-Notice: report\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"=_0123456789.0\"\r\n"
	    "\r\n"
	    "--=_0123456789.0\r\n"
	    "Content-Type: text/plain\r\n"
	    "\r\n"
	    "This is the mail system at web01.contoso.com.\r\n"
	    "\r\n"
	    "For a while no mail could leave here. This report stands for 2 "
	    "notices\r\n"
	    "that waited meanwhile, which follow in full.\r\n"
	    "\r\n"
	    "Not delivered. The mailbox does not exist. Check the address.\r\n"
	    "\r\n"
	    "  nobody@example.com\r\n"
	    "    \"Nightly backup\", sent on Mon, 23 Nov 2026 20:20:34 +0000, "
	    "queue id\r\n"
	    "    0192A3B4C5D6\r\n"
	    "    smtp.office365.com said: 550 5.1.1 User unknown\r\n"
	    "\r\n"
	    "  other@example.com\r\n"
	    "    \"Nightly backup\", sent on Mon, 23 Nov 2026 20:20:34 +0000, "
	    "queue id\r\n"
	    "    0192A3B4C5D6\r\n"
	    "\r\n"
	    "--=_0123456789.0\r\n"
	    "Content-Type: multipart/digest; boundary=\"=_0123456789.1\"\r\n"
	    "\r\n"
	    "--=_0123456789.1\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "\r\n"
	    "Subject: notice 0\r\n"
	    "\r\n"
	    "x\r\n"
	    "\r\n"
	    "--=_0123456789.1\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "\r\n"
	    "Subject: notice 1\r\n"
	    "\r\n"
	    "x\r\n"
	    "\r\n"
	    "--=_0123456789.1--\r\n"
	    "\r\n"
	    "--=_0123456789.0--\r\n";
	struct dsn_rcpt other = unknown;
	char *notes[2], *got;

	(void)state;
	other.address = "other@example.com";
	notes[0] = note_of(DSN_FAILED, &unknown);
	notes[1] = note_of(DSN_FAILED, &other);
	got = make_report((const char *const *)notes, 2, 0);
	assert_string_equal(got, want);
	free(notes[0]);
	free(notes[1]);
	free(got);
}

static void
causes_stand_together_the_worst_first(void **state)
{
	static const char *const notes[] = {
		"C1 Busy.\nA late@b.cc\nM m1\nS a said: 451\n",
		"C0 Unknown.\nA one@b.cc\nM m2\nS a said: 550\n",
		("C2 Slow.\nA old@b.cc\nM m3\nS a said: 451\n"
		 "C0 Large.\nA large@b.cc\nM m3\nS a said: 552\n"),
		"C0 Unknown.\nA two@b.cc\nM m4\nS a said: 551\n",
		"C3 Taken.\nA sent@b.cc\nM m5\nS a said: 250\n",
	};
	static const char *const order[] = { "came within an hour",
		"Not delivered. Unknown.", "one@b.cc", "said: 550", "two@b.cc",
		"said: 551", "Not delivered. Large.", "large@b.cc",
		"Not delivered in time. Slow.", "old@b.cc",
		"Delayed, and tried again. Busy.", "late@b.cc",
		"Handed on to a server that sends no reports. Taken." };
	char *got = make_report(notes, 5, 20);
	const char *at = got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (strstr(at, order[i]) == NULL)
			fail_msg("no [%s] after that in [%s]", order[i], got);
		at = strstr(at, order[i]);
	}
	assert_int_equal(count(got, "Not delivered. Unknown."), 1);
	assert_holds(got, "More than 20 notices for you");
	assert_holds(got, "Subject: 5 notices about mail\r\n");
	free(got);
}

static void
subject_and_mark_say_what_is_true_of_all(void **state)
{
	static const struct {
		const char *notes[2], *subject, *mark;
	} cases[] = {
		{ { "C0 x\n", "C2 x\n" }, "2 messages were not delivered",
		    "report" },
		{ { "C1 x\n", "C1 x\n" }, "2 messages are delayed", "report" },
		{ { "C3 x\n", "C3 x\n" }, "2 messages were handed on",
		    "report" },
		{ { "C0 x\n", "C4 x\n" }, "2 messages were not delivered",
		    "last" },
		{ { "C0 x\n", "C1 x\n" }, "2 notices about mail", "report" },
		{ { "", "nonsense" }, "2 notices about mail", "report" },
	};
	size_t i;
	char *got, *want;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got = make_report(cases[i].notes, 2, 0);
		want = xasprintf("Subject: %s\r\n", cases[i].subject);
		assert_holds(got, want);
		free(want);
		want = xasprintf("X-Mailchute-Notice: %s\r\n", cases[i].mark);
		assert_holds(got, want);
		free(want);
		free(got);
	}
}

static void
lines_of_no_note_are_passed_over(void **state)
{
	static const char *const notes[] = {
		"A early@b.cc\nC\nC9 odd\nC0\nC0x\nX y\n\nC0 Why\nA\n"
		"Ax\nZ z\n"
		"A a@b.cc\nC0",
	};
	char *got = make_report(notes, 1, 0);

	(void)state;
	assert_null(strstr(got, "early"));
	assert_null(strstr(got, "odd"));
	assert_holds(got, "Not delivered. Why\r\n\r\n  a@b.cc\r\n\r\n--");
	free(got);
}

static void
hostile_words_stay_words(void **state)
{
	static const char evil[] = "x\r\n\r\n--=_0123456789.0\r\nBcc: y\nC0 z\n"
				   "\x1b[31m\xff\xfe";
	struct dsn_rcpt r = unknown;
	struct dsn d = make_dsn(DSN_FAILED, &r, 1);
	struct header h = { 0 };
	char *note, *got;

	(void)state;
	r.address = r.text = r.meaning = r.fix = r.relay = evil;
	d.headers = "Subject: a\r\n b\r\n";
	d.headers_len = strlen(d.headers);
	note = make_note(&d);
	assert_int_equal(count(note, "\n"), 4);
	got = make_report((const char *const *)&note, 1, 0);
	header_parse(got, (size_t)(strstr(got, "\r\n\r\n") + 2 - got), &h);
	assert_int_equal(h.n, 9);
	header_clear(&h);
	assert_null(strchr(got, '\x1b'));
	/* The delimiter at the start of a line is ours. */
	assert_int_equal(count(got, "\n--=_0123456789.0"), 3);
	free(got);
	free(note);
}

static void
beyond_ascii_goes_as_7_bits(void **state)
{
	static const char *const notes[] = { "C0 Gr\xc3\xbc\xc3\x9f"
					     "e\nA m\xc3\xbcller@b.cc\n" };
	struct strlist to = { NULL, 0 };
	struct digest d = { .from = "a@b.cc",
		.to = &to,
		.hostname = "h",
		.message_id = "<1@h>",
		.boundary = "0",
		.notes = notes,
		.nnotes = 1 };
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, CAP);
	strlist_add(&to, "m\xc3\xbcller@b.cc");
	assert_int_equal(digest_put_head(&b, &d), 0);
	assert_holds(b.data, "To: undisclosed-recipients:;\r\n");
	assert_holds(b.data, "m=C3=BCller@b.cc");
	assert_true(text_is_7bit(b.data, b.len));
	/* A list that is no use to anybody. */
	strlist_clear(&to);
	for (i = 0; i < 21; i++)
		strlist_add(&to, "a@b.cc");
	buf_truncate(&b, 0);
	assert_int_equal(digest_put_head(&b, &d), 0);
	assert_holds(b.data, "To: undisclosed-recipients:;\r\n");
	strlist_clear(&to);
	buf_clear(&b);
}

static void
a_small_buffer_is_refused(void **state)
{
	static const char *const notes[] = { "C0 Why\nA a@b.cc\n" };
	struct strlist to = { NULL, 0 };
	struct digest d = { .from = "a@b.cc",
		.to = &to,
		.hostname = "h",
		.message_id = "<1@h>",
		.boundary = "0",
		.notes = notes,
		.nnotes = 1 };
	struct buf b;
	size_t whole, n;

	(void)state;
	strlist_add(&to, "a@b.cc");
	buf_init(&b, CAP);
	assert_int_equal(digest_put_head(&b, &d), 0);
	whole = b.len;
	buf_clear(&b);
	for (n = 0; n < whole; n++) {
		buf_init(&b, n);
		assert_int_equal(digest_put_head(&b, &d), -1);
		buf_clear(&b);
	}
	strlist_clear(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_is_a_few_lines),
		cmocka_unit_test(a_note_has_each_cause_once),
		cmocka_unit_test(a_note_is_cut_between_causes),
		cmocka_unit_test(a_report_to_the_letter),
		cmocka_unit_test(causes_stand_together_the_worst_first),
		cmocka_unit_test(subject_and_mark_say_what_is_true_of_all),
		cmocka_unit_test(lines_of_no_note_are_passed_over),
		cmocka_unit_test(hostile_words_stay_words),
		cmocka_unit_test(beyond_ascii_goes_as_7_bits),
		cmocka_unit_test(a_small_buffer_is_refused),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
