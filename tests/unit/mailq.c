/* SPDX-License-Identifier: ISC */
/* The listing, byte for byte: scripts read it. */
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

#include "common/xalloc.h"
#include "sendmail/mailq.h"

#define HEADING \
	"-Queue ID-    --Size-- ----Arrival Time---- " \
	"-Sender/Recipient-------\n"
#define NOW    1795469640 /* Mon Nov 23 21:34:00 2026 UTC */
#define INDENT "                                            "

/* A writable copy: the rows hold what was read from the wire. */
#define S(text) ((char *)(uintptr_t)(text))

struct listing {
	FILE *to;
	char *text;
	size_t size;
	struct mailq *q;
};

static void
begin(struct listing *l)
{
	memset(l, 0, sizeof(*l));
	l->to = open_memstream(&l->text, &l->size);
	assert_non_null(l->to);
	l->q = mailq_new(l->to, NOW);
}

static void
end(struct listing *l, const char *expected)
{
	mailq_end(l->q);
	mailq_free(l->q);
	fclose(l->to);
	assert_string_equal(l->text, expected);
	free(l->text);
}

static void
totals(struct listing *l, uint64_t messages, uint64_t octets)
{
	struct ctl_totals t;

	memset(&t, 0, sizeof(t));
	t.messages = messages;
	t.octets = octets;
	mailq_totals(l->q, &t);
}

static void
message(struct listing *l, const char *id, const char *state,
    const char *sender, uint64_t size)
{
	struct ctl_message m;

	memset(&m, 0, sizeof(m));
	m.id = S(id);
	m.state = S(state);
	m.sender = S(sender);
	m.account = S("main");
	m.size = size;
	m.arrived_at = 1795469632; /* Mon Nov 23 21:33:52 2026 UTC */
	mailq_message(l->q, &m);
}

static void
rcpt(struct listing *l, const char *address, const char *state,
    const char *text, const char *meaning, int64_t next_at)
{
	struct ctl_recipient r;

	memset(&r, 0, sizeof(r));
	r.address = S(address);
	r.state = S(state);
	r.text = S(text);
	r.meaning = S(meaning);
	r.fix = S(meaning == NULL ? NULL : "wait");
	r.next_at = next_at;
	r.code = text == NULL ? 0 : 451;
	r.status = S("4.3.2");
	mailq_recipient(l->q, &r);
}

static void
empty(void **state)
{
	struct listing l;

	(void)state;
	begin(&l);
	totals(&l, 0, 0);
	end(&l, "Mail queue is empty\n");
}

static void
an_entry(void **state)
{
	struct listing l;

	(void)state;
	begin(&l);
	message(&l, "0193A0B1C2D3", "queued", "alice@example.com", 263);
	rcpt(&l, "bob@example.org", "queued", NULL, NULL, 0);
	totals(&l, 1, 263);
	end(&l, HEADING "0193A0B1C2D3       263 Mon Nov 23 21:33:52  "
			"alice@example.com\n" INDENT "bob@example.org\n"
			"\n\t\tTotal Requests: 1\n"
			"-- 1 Kbytes in 1 Request.\n");
}

static void
several_entries(void **state)
{
	struct listing l;

	(void)state;
	begin(&l);
	message(&l, "0193A0B1C2D3", "active", "", 12345678);
	rcpt(&l, "bob", "active", NULL, NULL, 0);
	message(&l, "0193A0B1C2D4", "held", "a@b", 1);
	rcpt(&l, "c", "held", NULL, NULL, 0);
	rcpt(&l, "gone", "delivered", "250 ok", NULL, 0);
	rcpt(&l, "d", "held", NULL, NULL, 0);
	totals(&l, 2, 12345679);
	end(&l,
	    HEADING "0193A0B1C2D3* 12345678 Mon Nov 23 21:33:52  "
		    "MAILER-DAEMON\n" INDENT "bob\n"
		    "\n0193A0B1C2D4!        1 Mon Nov 23 21:33:52  a@b\n" INDENT
		    "c\n" INDENT "d\n"
		    "\n\t\tTotal Requests: 2\n"
		    "-- 12057 Kbytes in 2 Requests.\n");
}

static void
reasons_stand_around_their_recipients(void **state)
{
	struct listing l;

	(void)state;
	begin(&l);
	message(&l, "0193A0B1C2D3", "queued", "a@b", 9);
	rcpt(
	    &l, "c", "queued", "451 4.3.2 try later", "it is busy", 1795469692);
	rcpt(
	    &l, "d", "queued", "451 4.3.2 try later", "it is busy", 1795469692);
	rcpt(&l, "e", "queued", "cannot connect", NULL, 0);
	rcpt(&l, "f", "queued", NULL, NULL, 0);
	/* What is over is no time to wait for. */
	rcpt(&l, "g", "queued", "not tried yet", "its turn", NOW);
	rcpt(&l, "h", "queued", "not tried yet", "its turn", 1);
	totals(&l, 1, 9);
	end(&l, HEADING "0193A0B1C2D3         9 Mon Nov 23 21:33:52  a@b\n"
			"(451 4.3.2 try later)\n" INDENT "c\n" INDENT "d\n"
			"    (meaning: it is busy)\n"
			"    (fix: wait)\n"
			"    (next try: Mon Nov 23 21:34:52)\n"
			"(451 4.3.2 cannot connect)\n" INDENT "e\n" INDENT "f\n"
			"(451 4.3.2 not tried yet)\n" INDENT "g\n" INDENT "h\n"
			"    (meaning: its turn)\n"
			"    (fix: wait)\n"
			"    (next try: as soon as it is its turn)\n"
			"\n\t\tTotal Requests: 1\n"
			"-- 1 Kbytes in 1 Request.\n");
}

/* Others' mail waits, and is not shown: the queue is not empty. */
static void
a_queue_of_others_is_not_empty(void **state)
{
	const struct ctl_totals t = {
		.messages = 4, .octets = 5000, .own_only = true
	};
	struct listing l;

	(void)state;
	begin(&l);
	totals(&l, 4, 5000);
	end(&l, "\t\tTotal Requests: 4\n-- 5 Kbytes in 4 Requests.\n");
	begin(&l);
	mailq_totals(l.q, &t);
	end(&l, "(none of your messages waits)\n"
		"\n\t\tTotal Requests: 4\n-- 5 Kbytes in 4 Requests.\n");
}

static void
what_stops_all_mail_is_told(void **state)
{
	struct ctl_totals t;
	struct listing l;

	(void)state;
	begin(&l);
	memset(&t, 0, sizeof(t));
	t.messages = 1;
	t.octets = 1024;
	t.paused = true;
	t.delivery_off = true;
	t.no_daemon = true;
	mailq_totals(l.q, &t);
	end(&l, "(delivery is paused; \"mailchute resume\" lets mail flow "
		"again)\n"
		"\n(delivery is off by queue.delivery; mail is kept)\n"
		"\n(mailchuted is not running; mail is kept until it is)\n"
		"\n\t\tTotal Requests: 1\n-- 1 Kbytes in 1 Request.\n");
}

static void
nothing_steers_the_terminal(void **state)
{
	struct listing l;

	(void)state;
	begin(&l);
	message(&l, "0193A0B1C2D3", "queued", "a\033[2J@b", 9);
	rcpt(&l, "\"j \\\"d\"@\303\244.x\r\n", "queued",
	    "451 4.3.2 \302\233x\377\n", NULL, 0);
	totals(&l, 1, 9);
	end(&l, HEADING "0193A0B1C2D3         9 Mon Nov 23 21:33:52  "
			"a\\x1b[2J@b\n"
			"(451 4.3.2 \\xc2\\x9bx\\xff\\x0a)\n" INDENT
			"\"j \\\"d\"@\303\244.x\\x0d\\x0a\n"
			"\n\t\tTotal Requests: 1\n"
			"-- 1 Kbytes in 1 Request.\n");
}

static int
use_utc(void **state)
{
	(void)state;
	return setenv("TZ", "UTC0", 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(an_entry),
		cmocka_unit_test(several_entries),
		cmocka_unit_test(reasons_stand_around_their_recipients),
		cmocka_unit_test(a_queue_of_others_is_not_empty),
		cmocka_unit_test(what_stops_all_mail_is_told),
		cmocka_unit_test(nothing_steers_the_terminal),
	};

	return cmocka_run_group_tests_name("mailq", tests, use_utc, NULL);
}
