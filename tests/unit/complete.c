/* SPDX-License-Identifier: ISC */
/*
 * What a finished header tells of its message.  How the fields themselves come
 * out is in tests/unit/compose.c.
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
#include "mail/complete.h"

struct caller {
	const char *address, *name;
	unsigned asked;
};

static void
author(void *arg, const char **address, const char **name)
{
	struct caller *c = arg;

	c->asked++;
	*address = c->address;
	*name = c->name;
}

/* Completes text: the header, and what was found. */
static char *
complete(const char *text, struct caller *c, struct completed *found)
{
	const struct completion with = {
		.date = "D",
		.message_id = "<1@host.example>",
		.domain = "contoso.example",
		.author = author,
		.arg = c,
	};
	struct header h = { NULL, 0 };
	struct buf b;

	header_parse(text, strlen(text), &h);
	complete_header(&h, &with, found);
	buf_init(&b, 4096);
	assert_int_equal(header_put(&b, &h), 0);
	header_clear(&h);
	return buf_steal(&b);
}

/* The listener's own sender: the envelope's report is of what was given. */
static void
a_forced_sender_stands_in_from(void **state)
{
	static const struct {
		const char *text, *from, *reply_to; /* NULL: there is none */
	} senders[] = {
		{ "From: C <c@d.example>\r\n", "C (c@d.example)",
		    "Reply-To: C <c@d.example>\r\n" },
		{ "From: c@d.example\r\nReply-To: e@f.example\r\n",
		    "\"c@d.example\"", "Reply-To: e@f.example\r\n" },
		{ "From: root\r\nSender: x@y.example\r\n", "\"root@web01\"",
		    NULL },
		{ "Subject: x\r\n", "\"scan@web01\"", NULL },
		{ "From: scans@contoso.example\r\n", "", NULL },
	};
	const struct rewrite_rules forced = {
		.user = "scans@contoso.example",
		.mode = REWRITE_ALWAYS,
		.local_names = &(struct strlist){ NULL, 0 },
		.hostname = "web01.contoso.example",
		.domain = "contoso.example",
	};
	struct caller c = { "scan", "", 0 };
	const struct completion with = { .date = "D",
		.message_id = "<1@x>",
		.domain = "contoso.example",
		.author = author,
		.arg = &c,
		.forced = &forced };
	struct completed found;
	struct header h;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		memset(&h, 0, sizeof(h));
		header_parse(senders[i].text, strlen(senders[i].text), &h);
		complete_header(&h, &with, &found);
		buf_init(&b, 4096);
		assert_int_equal(header_put(&b, &h), 0);
		assert_non_null(strstr(buf_data(&b), "scans@contoso.example"));
		assert_non_null(strstr(buf_data(&b), senders[i].from));
		if (senders[i].reply_to != NULL)
			assert_non_null(
			    strstr(buf_data(&b), senders[i].reply_to));
		else
			assert_null(strstr(buf_data(&b), "Reply-To"));
		assert_null(strstr(buf_data(&b), "Sender:"));
		assert_null(strstr(buf_data(&b), "X-Original-From"));
		completed_clear(&found);
		header_clear(&h);
		buf_clear(&b);
	}
}

static const struct {
	const char *text;
	const char *recipients[4];
	const char *from;       /* as it was given */
	const char *message_id; /* in the end */
	unsigned asked;
} cases[] = {
	{ "To: a@b\r\nFrom: c@d\r\nMessage-ID: <2@x>\r\n", { "a@b" }, "c@d",
	    "<2@x>", 0 },
	{ "To: a\r\ncc: b,\r\n c\r\nBCC: d\r\nFrom: root\r\n",
	    { "a", "b, c", "d" }, "root", "<1@host.example>", 0 },
	{ "Resent-To: r@s\r\nTo: a@b\r\nBcc: c@d\r\nFrom: x@y\r\n", { "r@s" },
	    "x@y", "<1@host.example>", 1 },
	{ "Resent-Bcc: r@s\r\nTo: a@b\r\nFrom: x@y\r\nResent-From: q\r\n",
	    { "r@s" }, "x@y", "<1@host.example>", 0 },
	{ "From: First <a@b>, c@d\r\n", { NULL }, "a@b", "<1@host.example>",
	    0 },
	/* the author that rewriting would take */
	{ "From: <>\r\nFrom: x@y\r\n", { NULL }, "x@y", "<1@host.example>", 0 },
	{ "From: a@b\r\nFrom: x@y\r\n", { NULL }, "a@b", "<1@host.example>",
	    0 },
	{ "From: nobody at all:;\r\n", { NULL }, NULL, "<1@host.example>", 0 },
	{ "Subject: x\r\n", { NULL }, "root", "<1@host.example>", 1 },
	{ "From: \r\nTo:\r\n", { "" }, "root", "<1@host.example>", 1 },
};

static void
what_is_found(void **state)
{
	struct completed found;
	size_t i, k;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct caller c = { "root", "", 0 };

		text = complete(cases[i].text, &c, &found);
		for (k = 0; cases[i].recipients[k] != NULL; k++) {
			assert_true(k < found.recipients.n);
			assert_string_equal(
			    found.recipients.v[k], cases[i].recipients[k]);
		}
		assert_int_equal(found.recipients.n, k);
		if (cases[i].from == NULL)
			assert_null(found.from);
		else
			assert_string_equal(found.from, cases[i].from);
		assert_string_equal(found.message_id, cases[i].message_id);
		assert_int_equal(c.asked, cases[i].asked);
		completed_clear(&found);
		free(text);
	}
}

/* Beside the first of From: "?" stands for what is no address. */
static void
further_authors(void **state)
{
	static const struct {
		const char *text, *from, *others;
	} rows[] = {
		{ "From: a@b\r\n", "a@b", "" },
		{ "From: A <a@b>, c@d; e\r\n", "a@b", "c@d e" },
		{ "From: a@b\r\nFrom: c@d\r\n", "a@b", "c@d" },
		{ "Sender: s@t\r\nFrom: a@b\r\n", "a@b", "s@t" },
		{ "From: a@b\r\nsender: s@t, u@v\r\n", "a@b", "s@t u@v" },
		{ "From: a@b,\r\n c@d\r\nSender: s@t\r\nSender: w@x\r\n", "a@b",
		    "c@d s@t w@x" },
		/* who is named again is not another */
		{ "From: a@b, a@b, c@d\r\nSender: C@d\r\n", "a@b", "c@d" },
		/* who is not there is added, and Sender is none of From */
		{ "Sender: s@t\r\n", "root", "s@t" },
		{ "From: nobody:;\r\nSender: s@t\r\n", NULL, "s@t" },
		{ "From: a@b\r\nReply-To: r@s\r\nResent-From: x@y\r\n", "a@b",
		    "" },
		/* nobody, and what nobody can read */
		{ "From: <>, a@b\r\nSender: <>\r\n", "a@b", "" },
		{ "From: a@b, <c@d\r\n", "a@b", "?" },
		{ "From: <c@d\r\n", NULL, "?" },
		{ "From: a@b\r\nFrom: c@d>\r\n", "a@b", "?" },
		{ "From: a@b, c@d\r\nSender: s@t x\r\n", "a@b", "c@d s@t x" },
		{ "From: a@b\r\nSender: S <s@t> x\r\n", "a@b", "s@t ?" },
	};
	struct completed found;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct caller c = { "root", "", 0 };
		char others[128] = "";

		free(complete(rows[i].text, &c, &found));
		for (k = 0; k < found.authors.others.n; k++) {
			strlcat(others, k == 0 ? "" : " ", sizeof(others));
			strlcat(
			    others, found.authors.others.v[k], sizeof(others));
		}
		if (found.authors.has_unread)
			strlcat(others, others[0] == '\0' ? "?" : " ?",
			    sizeof(others));
		if (rows[i].from == NULL)
			assert_null(found.from);
		else
			assert_string_equal(found.from, rows[i].from);
		assert_string_equal(others, rows[i].others);
		completed_clear(&found);
	}
}

/* As many as are told; one more is one that is not known. */
static void
authors_have_a_bound(void **state)
{
	char text[AUTHORS_MAX * 16 + 64];
	struct caller c = { "root", "", 0 };
	struct completed found;
	int i, more;

	(void)state;
	for (more = 0; more < 2; more++) {
		strlcpy(text, "From: a@b", sizeof(text));
		for (i = 0; i < AUTHORS_MAX + more; i++)
			snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), ", a%d@b", i);
		strlcat(text, "\r\n", sizeof(text));
		free(complete(text, &c, &found));
		assert_int_equal(found.authors.others.n, AUTHORS_MAX);
		assert_int_equal(found.authors.has_unread, more);
		completed_clear(&found);
	}
}

/* An author is qualified, and his name quoted, as in any other field. */
static void
authors(void **state)
{
	static const struct {
		const char *address, *name, *field;
	} rows[] = {
		{ "root", "", "From: root@contoso.example\r\n" },
		{ "a@b.example", "", "From: a@b.example\r\n" },
		{ "root", "Charlie Root",
		    "From: Charlie Root <root@contoso.example>\r\n" },
		{ "root", "Root, C.",
		    "From: \"Root, C.\" <root@contoso.example>\r\n" },
	};
	struct completed found;
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct caller c = { rows[i].address, rows[i].name, 0 };

		text = complete("Subject: x\r\n", &c, &found);
		assert_non_null(strstr(text, rows[i].field));
		completed_clear(&found);
		free(text);
	}
}

static void
what_must_not_leave(void **state)
{
	struct caller c = { "root", "", 0 };
	struct completed found;
	char *text;

	(void)state;
	text = complete("Bcc: a\r\nFrom: b@c\r\nResent-bcc: d\r\nbcc: e\r\n"
			"Return-Path: <f>\r\nContent-Length: 7\r\n",
	    &c, &found);
	assert_string_equal(text,
	    "From: b@c\r\nResent-Message-ID: <1@host.example>\r\n"
	    "Resent-Date: D\r\nResent-From: root@contoso.example\r\n"
	    "Date: D\r\nMessage-ID: <1@host.example>\r\n");
	completed_clear(&found);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_forced_sender_stands_in_from),
		cmocka_unit_test(what_is_found),
		cmocka_unit_test(authors),
		cmocka_unit_test(further_authors),
		cmocka_unit_test(authors_have_a_bound),
		cmocka_unit_test(what_must_not_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
