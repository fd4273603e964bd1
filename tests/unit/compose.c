/* SPDX-License-Identifier: ISC */
/*
 * Text in, message out.  The host is example.com, the caller root, and every
 * added field is known beforehand.  Each case is read in one piece and octet
 * by octet, which must make no difference.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "mail/compose.h"

#define OUT_MAX (16 * 1024 * 1024)

#define FROM "From: Charlie Root <root@example.com>\r\n"
#define DATE "Date: Mon, 23 Nov 2026 21:20:34 +0100\r\n"
#define ID   "Message-ID: <1@host.example.com>\r\n"

struct text {
	const char *p;
	size_t n, at;
	size_t piece;    /* at most so many octets a read */
	size_t fails_at; /* reading fails there; 0: never */
	unsigned authors;
};

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;

	if (t->fails_at != 0 && t->at >= t->fails_at)
		return err_set(e, ERR_LOCAL, "5.3.0", "the disk is gone");
	if (n > t->piece)
		n = t->piece;
	if (n > t->n - t->at)
		n = t->n - t->at;
	memcpy(p, t->p + t->at, n);
	t->at += n;
	return (ssize_t)n;
}

static int
text_rewind(void *arg, struct err *e)
{
	struct text *t = arg;

	(void)e;
	t->at = 0;
	return 0;
}

static void
author(void *arg, const char **address, const char **name)
{
	struct text *t = arg;

	t->authors++;
	*address = "root";
	*name = "Charlie Root";
}

static struct compose *
start(struct text *t, enum canon_dot dot, struct completion *with)
{
	const struct source from = { text_read, text_rewind, t };

	with->date = "Mon, 23 Nov 2026 21:20:34 +0100";
	with->message_id = "<1@host.example.com>";
	with->domain = "example.com";
	with->author = author;
	with->arg = t;
	return compose_new(&from, dot, with);
}

/* All of the message, as a string. */
static char *
drain(struct compose *c, size_t piece)
{
	struct source s = compose_source(c);
	struct buf out;
	struct err e;
	char *to;
	ssize_t n;

	buf_init(&out, OUT_MAX);
	do {
		to = buf_reserve(&out, piece);
		assert_non_null(to);
		n = s.read(s.arg, to, piece, &e);
		assert_true(n >= 0);
		buf_grew(&out, (size_t)n);
	} while (n > 0);
	return buf_steal(&out);
}

static char *
join(const struct strlist *l)
{
	struct buf b;
	size_t i;

	buf_init(&b, OUT_MAX);
	for (i = 0; i < l->n; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : "|", l->v[i]);
	return buf_steal(&b);
}

static const struct {
	const char *name;
	const char *in;
	const char *out;
	const char *recipients; /* values of header fields; NULL: none */
	const char *from;       /* bare where it was written bare */
	enum canon_dot dot;
} cases[] = {
	/* what is missing */
	{ "nothing at all", "", FROM DATE ID "\r\n", NULL, "root", 0 },
	{ "all body", "hello\nworld", FROM DATE ID "\r\nhello\r\nworld\r\n",
	    NULL, "root", 0 },
	{ "an empty line first", "\nTo: a@b\n", FROM DATE ID "\r\nTo: a@b\r\n",
	    NULL, "root", 0 },
	{ "a folded line first", " x: y\n\nb\n",
	    FROM DATE ID "\r\n x: y\r\n\r\nb\r\n", NULL, "root", 0 },
	{ "a header alone", "Subject: x", "Subject: x\r\n" FROM DATE ID "\r\n",
	    NULL, "root", 0 },
	{ "complete", "From: a@b.c\nDate: never\nMessage-Id: <x>\n\nb\n",
	    "From: a@b.c\r\nDate: never\r\nMessage-Id: <x>\r\n\r\nb\r\n", NULL,
	    "a@b.c", 0 },
	{ "empty From, Date and Message-ID",
	    "From:\nDate: \nMessage-ID:\t\nSubject: x\n\n",
	    "Subject: x\r\n" FROM DATE ID "\r\n", NULL, "root", 0 },
	{ "a line that is no field", "Subject: x\nhello there\nTo: a@b\n",
	    "Subject: x\r\n" FROM DATE ID "\r\nhello there\r\nTo: a@b\r\n",
	    NULL, "root", 0 },
	/* what must not leave */
	{ "Bcc", "To: a@b.c\nBcc: s@e.c,\n r@e.t\nbcc: u\n\nb\n",
	    "To: a@b.c\r\n" FROM DATE ID "\r\nb\r\n", "a@b.c|s@e.c, r@e.t|u",
	    "root", 0 },
	{ "Return-Path and Content-Length",
	    "Return-Path: <x>\nContent-Length: 9\nReceived: y\n\n",
	    "Received: y\r\n" FROM DATE ID "\r\n", NULL, "root", 0 },
	{ "mbox lines", "From joe Mon Nov 23\n>From joe Mon\nSubject: x\n\nb\n",
	    "Subject: x\r\n" FROM DATE ID "\r\nb\r\n", NULL, "root", 0 },
	/* names without a domain */
	{ "cron", "From: root (Cron Daemon)\nTo: root\n\n",
	    "From: root@example.com (Cron Daemon)\r\nTo: "
	    "root@example.com\r\n" DATE ID "\r\n",
	    "root", "root", 0 },
	{ "in a list, folded",
	    "From: a@b.c\nCc: Other <other>, x@y.z,\n\tbob\n\n",
	    "From: a@b.c\r\nCc: Other <other@example.com>, x@y.z,\r\n"
	    "\tbob@example.com\r\n" DATE ID "\r\n",
	    "Other <other>, x@y.z,\tbob", "a@b.c", 0 },
	{ "Reply-To and Sender",
	    "From: \"A, B\" <a>\nReply-To: b\nSender: c\nX-To: d\n\n",
	    "From: \"A, B\" <a@example.com>\r\nReply-To: b@example.com\r\n"
	    "Sender: c@example.com\r\nX-To: d\r\n" DATE ID "\r\n",
	    NULL, "a", 0 },
	{ "a blank before the colon", "From : a\nTO : b\n\n",
	    "From : a@example.com\r\nTO : b@example.com\r\n" DATE ID "\r\n",
	    "b", "a", 0 },
	{ "a group", "From: a@b.c\nTo: undisclosed-recipients:;\n\n",
	    "From: a@b.c\r\nTo: undisclosed-recipients:;\r\n" DATE ID "\r\n",
	    "undisclosed-recipients:;", "a@b.c", 0 },
	{ "two From fields", "From: a\nFrom: b\n\n",
	    "From: a@example.com\r\nFrom: b@example.com\r\n" DATE ID "\r\n",
	    NULL, "a", 0 },
	{ "a From that is none", "From: <<>\n\n",
	    "From: <<>\r\n" DATE ID "\r\n", NULL, NULL, 0 },
	/* sent on */
	{ "Resent",
	    "From: a@b.c\nTo: old@x.y\nDate: d\nMessage-ID: <o>\n"
	    "Resent-To: new\nResent-Bcc: hidden@x.y\n\nb\n",
	    "From: a@b.c\r\nTo: old@x.y\r\nDate: d\r\nMessage-ID: <o>\r\n"
	    "Resent-" ID "Resent-" DATE "Resent-" FROM
	    "Resent-To: new@example.com\r\n\r\nb\r\n",
	    "new|hidden@x.y", "a@b.c", 0 },
	{ "Resent, at the top",
	    "Resent-To: t@x.y\nResent-Date:\nResent-From: r@x.y\n"
	    "From: a@b.c\nDate: d\nMessage-ID: <o>\n\n",
	    "Resent-" ID "Resent-" DATE "Resent-To: t@x.y\r\n"
	    "Resent-From: r@x.y\r\nFrom: a@b.c\r\nDate: d\r\n"
	    "Message-ID: <o>\r\n\r\n",
	    "t@x.y", "a@b.c", 0 },
	{ "Resent, complete",
	    "Resent-From: r@x.y\nResent-Date: d\nResent-Message-ID: <r>\n"
	    "Resent-To: t@x.y\nFrom: a@b.c\nDate: d\nMessage-ID: <o>\n\n",
	    "Resent-From: r@x.y\r\nResent-Date: d\r\nResent-Message-ID: <r>\r\n"
	    "Resent-To: t@x.y\r\nFrom: a@b.c\r\nDate: d\r\n"
	    "Message-ID: <o>\r\n\r\n",
	    "t@x.y", "a@b.c", 0 },
	/* line ends and octets */
	{ "CRLF", "Subject: x\r\n\r\na\r\nb\r\n",
	    "Subject: x\r\n" FROM DATE ID "\r\na\r\nb\r\n", NULL, "root", 0 },
	{ "mixed", "Subject: x\r\n\na\r\nb\nc",
	    "Subject: x\r\n" FROM DATE ID "\r\na\r\nb\r\nc\r\n", NULL, "root",
	    0 },
	{ "CR makes no field of what follows", "Subject: x\rBcc: y@z\n\na\rb\n",
	    "Subject: x Bcc: y@z\r\n" FROM DATE ID "\r\na\r\nb\r\n", NULL,
	    "root", 0 },
	/* the dot */
	{ "a dot ends", "Subject: x\n\na\n.\nb\n",
	    "Subject: x\r\n" FROM DATE ID "\r\na\r\n", NULL, "root",
	    CANON_DOT_ENDS },
	{ "a dot is text", "Subject: x\n\na\n.\nb\n",
	    "Subject: x\r\n" FROM DATE ID "\r\na\r\n.\r\nb\r\n", NULL, "root",
	    CANON_DOT_IS_TEXT },
	{ "two dots", "\n..a\n..\n", FROM DATE ID "\r\n..a\r\n..\r\n", NULL,
	    "root", CANON_DOT_ENDS },
	{ "a dot with CR", "\na\r\n.\r\nb", FROM DATE ID "\r\na\r\n", NULL,
	    "root", CANON_DOT_ENDS },
	{ "a dot in the header", "Subject: x\n.\nTo: a@b\n",
	    "Subject: x\r\n" FROM DATE ID "\r\n", NULL, "root",
	    CANON_DOT_ENDS },
	{ "a dot without line end", "\na\n.", FROM DATE ID "\r\na\r\n", NULL,
	    "root", CANON_DOT_ENDS },
};

static void
run_case(size_t i, size_t piece)
{
	struct text t = { cases[i].in, strlen(cases[i].in), 0, piece, 0, 0 };
	const struct completed *found;
	struct completion with;
	struct compose *c = start(&t, cases[i].dot, &with);
	struct source s;
	struct err e;
	char *out, *again, *rcpts;

	assert_int_equal(compose_header(c, &found, &e), 0);
	out = drain(c, piece);
	if (strcmp(out, cases[i].out) != 0)
		fail_msg("%s:\ngot\n%s\nexpected\n%s", cases[i].name, out,
		    cases[i].out);
	rcpts = join(&found->recipients);
	if (strcmp(rcpts,
		cases[i].recipients == NULL ? "" : cases[i].recipients) != 0)
		fail_msg("%s: recipients %s", cases[i].name, rcpts);
	if (cases[i].from == NULL)
		assert_null(found->from);
	else
		assert_string_equal(found->from, cases[i].from);
	assert_true(t.authors <= 1 || strstr(cases[i].in, "Resent") != NULL);
	/* the drop folder may have to read all of it once more */
	s = compose_source(c);
	assert_int_equal(s.rewind(s.arg, &e), 0);
	again = drain(c, 4096);
	assert_string_equal(again, out);
	free(again);
	free(rcpts);
	free(out);
	compose_free(c);
}

static void
messages(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_case(i, 100000);
		run_case(i, 1);
	}
}

/* The look-up of the caller is for mail that does not name its author. */
static void
an_author_is_asked_for_once_or_never(void **state)
{
	struct text t = { "From: a@b.c\n\n", 13, 0, 100, 0, 0 };
	const struct completed *found;
	struct completion with;
	struct compose *c = start(&t, CANON_DOT_ENDS, &with);
	struct err e;

	(void)state;
	assert_int_equal(compose_header(c, &found, &e), 0);
	assert_int_equal(t.authors, 0);
	assert_string_equal(found->message_id, "<1@host.example.com>");
	compose_free(c);
}

static void
losses_are_counted(void **state)
{
	struct text t = { "S: x\n\na\0b\n.\nlost\n", 17, 0, 100, 0, 0 };
	const struct completed *found;
	struct completion with;
	struct compose *c = start(&t, CANON_DOT_ENDS, &with);
	struct compose_losses l;
	struct err e;
	char *out;

	(void)state;
	assert_int_equal(compose_header(c, &found, &e), 0);
	out = drain(c, 4096);
	assert_non_null(strstr(out, "\r\n\r\nab\r\n"));
	l = compose_losses(c);
	assert_true(l.dot_ended);
	assert_int_equal(l.nuls, 1);
	assert_int_equal(l.after_dot, 5);
	free(out);
	compose_free(c);
}

/* compose_header of so many octets of one kind of header. */
static int
big_header(const char *line, size_t octets, struct err *e)
{
	const struct completed *found;
	struct completion with;
	struct compose *c;
	struct text t;
	struct buf b;
	int rc;

	buf_init(&b, OUT_MAX);
	while (b.len < octets)
		assert_int_equal(buf_puts(&b, line), 0);
	t = (struct text){ b.data, b.len, 0, 100000, 0, 0 };
	c = start(&t, CANON_DOT_ENDS, &with);
	rc = compose_header(c, &found, e);
	compose_free(c);
	buf_clear(&b);
	return rc;
}

static void
headers_without_end(void **state)
{
	static const struct {
		const char *line;
		size_t octets;
		int rc;
	} table[] = {
		{ "X: a line of a header\r\n", HEADER_TAKEN_MAX - 1024, 0 },
		{ "X: a line of a header\r\n", HEADER_TAKEN_MAX + 1024, -1 },
		/* one line: no field, and so a body; a field; "From joe" */
		{ "X", 4 * HEADER_MAX, 0 },
		{ "X y", 4 * HEADER_MAX, 0 },
		{ "X:", 4 * HEADER_MAX, -1 },
		{ "From X", 4 * HEADER_MAX, -1 },
		{ "X: y\n z", 4 * HEADER_MAX, -1 },
		/* a domain for each makes it too long */
		{ "To: a,b,c,d,e,f,g,h,i,j,k,l,m\n", HEADER_TAKEN_MAX / 2, -1 },
		/* carriage returns, which are blanks here */
		{ "\r", 4 * HEADER_MAX, 0 },
		{ "X: y\r", 4 * HEADER_MAX, -1 },
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		err_clear(&e);
		if (big_header(table[i].line, table[i].octets, &e) !=
		    table[i].rc)
			fail_msg("%.20s: %s", table[i].line, e.text);
		if (table[i].rc == -1)
			assert_string_equal(e.status, "5.6.0");
	}
}

static void
a_source_that_breaks(void **state)
{
	const char *in = "Subject: x\n\nbody\nmore\n";
	struct text t = { in, strlen(in), 0, 1, 5, 0 };
	const struct completed *found;
	struct completion with;
	struct compose *c = start(&t, CANON_DOT_ENDS, &with);
	struct source s;
	char octet;
	struct err e;
	ssize_t n;

	(void)state;
	assert_int_equal(compose_header(c, &found, &e), -1);
	assert_string_equal(e.status, "5.3.0");
	compose_free(c);

	t = (struct text){ in, strlen(in), 0, 1, 15, 0 };
	c = start(&t, CANON_DOT_ENDS, &with);
	assert_int_equal(compose_header(c, &found, &e), 0);
	s = compose_source(c);
	while ((n = s.read(s.arg, &octet, 1, &e)) == 1)
		;
	assert_int_equal(n, -1);
	compose_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(an_author_is_asked_for_once_or_never),
		cmocka_unit_test(losses_are_counted),
		cmocka_unit_test(headers_without_end),
		cmocka_unit_test(a_source_that_breaks),
	};

	return cmocka_run_group_tests_name("compose", tests, NULL, NULL);
}
