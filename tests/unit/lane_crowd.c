/* SPDX-License-Identifier: ISC */
/*
 * Too many connections (432): how long nothing is tried, and how many there are
 * after that, on a clock that moves when nothing else is left to do.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>

#include <event2/event.h>

#include <cmocka.h>

#include "mail/reply.h"
#include "mail/verdict.h"
#include "queue/dispatch.h"
#include "queue/fewer.h"
#include "tests/unit/dispatch_rig.h"
#include "tests/unit/virtual.h"

#define CROWDED "432 4.3.2 Concurrent connections limit exceeded."
#define WAIT_S  10 /* of the row for it */

#define SERVER \
	"provider = smtp\nhost = 127.0.0.1\ntls = implicit\n" \
	"password_file = pw\nconnections = 3\nrate = none\nbackoff_min = 1s\n"
#define MAIL OFFICE_ADMIN "[account]\n" SERVER "user = a@contoso.com\n"

/* Two accounts of a mailbox, written in two ways, and one of another. */
#define THREE \
	OFFICE_ADMIN "[account]\n" SERVER "user = A@Contoso.com\n" \
		     "[account other]\n" SERVER "user = a@contoso.COM\n" \
		     "senders = @other.example\n" \
		     "[account third]\n" SERVER "user = b@contoso.com\n" \
		     "senders = @third.example\n"

static int
set_up(void **state)
{
	(void)state;
	virtual_begin(T0);
	return 0;
}

static void
passes(int64_t ms)
{
	virtual_run(rig.o.parts.base, virtual_ms() + ms);
}

static uint64_t
post_by(const char *account)
{
	return office_post(&rig.o,
	    (struct office_mail){
		.account = account, .to = { "a@example.com" }, .at = T0 });
}

static void
starts(struct deliver *d)
{
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
}

/* As deliver tells of it, by the catalogue. */
static void
is_crowded(struct deliver *d)
{
	struct job_ready sofar = { .relay = "mx.example.com" };
	struct job_result why;
	struct reply r;
	struct buf b;

	reply_init(&r);
	assert_int_equal(
	    reply_parse_line(&r, CROWDED, strlen(CROWDED), &rig.o.e), 1);
	verdict_reply(PHASE_AUTH, &r, &why);
	reply_clear(&r);
	assert_int_equal(why.wait_s, WAIT_S);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_failed(&b, &why, &sofar), 0);
	assert_int_equal(send(d->fd, buf_data(&b), b.len, MSG_NOSIGNAL), b.len);
	buf_clear(&b);
	hangs_up(d);
}

/* Its wait is the row's, since that is longer than its back-off. */
static void
its_wait_ends_to_the_second(void **state)
{
	struct deliver d[3];
	size_t i;

	(void)state;
	rig_up(MAIL);
	for (i = 0; i < 8; i++)
		post_by("");
	will_start(&d[0]);
	kick();
	starts(&d[0]);
	is_crowded(&d[0]);
	assert_string_equal(view(0).state, "backoff");
	assert_int_equal(view(0).next_at, virtual_now() + WAIT_S);
	/* Fresh mail does not end it. */
	passes(5000);
	post_by("");
	kick();
	passes(4900);
	not_asked();
	will_start(&d[0]);
	passes(100);
	starts(&d[0]);
	not_asked();
	/* Slow start, to one less than there are. */
	says_ready(&d[0]);
	will_start(&d[1]);
	takes_one(&d[0]);
	starts(&d[1]);
	says_ready(&d[1]);
	takes_one(&d[1]);
	takes_one(&d[0]);
	assert_int_equal(view(0).connections_max, 2);
	not_asked();
	/* The hour counts from the answer. */
	passes((int64_t)(FEWER_S - WAIT_S - 1) * 1000);
	post_by("");
	takes_one(&d[0]);
	kick();
	not_asked();
	passes(1000);
	assert_int_equal(view(0).connections_max, 3);
	/* What is taken from now on opens the third. */
	will_start(&d[2]);
	takes_one(&d[1]);
	takes_one(&d[0]);
	starts(&d[2]);
	for (i = 0; i < 3; i++)
		hangs_up(&d[i]);
	rig_down();
}

/* Its accounts are one to the server, and it has refused them all. */
static void
the_mailbox_has_fewer_with_all_its_accounts(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(THREE);
	post_by("other");
	will_start(&d);
	kick();
	starts(&d);
	is_crowded(&d);
	assert_int_equal(view(0).connections_max, 2);
	assert_int_equal(view(1).connections_max, 2);
	assert_int_equal(view(2).connections_max, 3);
	/* That account alone backs off; once more is less again for both. */
	assert_string_equal(view(0).state, "ready");
	passes(5000);
	post_by("");
	will_start(&d);
	dispatch_kick(rig.o.parts.dispatch, "");
	starts(&d);
	is_crowded(&d);
	assert_int_equal(view(0).connections_max, 1);
	assert_int_equal(view(1).connections_max, 1);
	assert_int_equal(view(2).connections_max, 3);
	passes(1000);
	office_reopen(&rig.o);
	assert_int_equal(view(0).connections_max, 1);
	assert_int_equal(view(1).connections_max, 1);
	assert_int_equal(view(2).connections_max, 3);
	rig_down();
}

/* As one without this rule has left it, by the account's name. */
static void
what_an_older_one_wrote_counts(void **state)
{
	char value[64];

	(void)state;
	rig_up(THREE);
	snprintf(
	    value, sizeof(value), "2 %lld", (long long)virtual_now() + 600);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_fact_put(rig.o.parts.store, "fewer other", value, &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
	office_reopen(&rig.o);
	assert_int_equal(view(1).connections_max, 2);
	assert_int_equal(view(2).connections_max, 3);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(its_wait_ends_to_the_second, set_up),
		cmocka_unit_test_setup(
		    the_mailbox_has_fewer_with_all_its_accounts, set_up),
		cmocka_unit_test_setup(what_an_older_one_wrote_counts, set_up),
	};

	return cmocka_run_group_tests_name("lane_crowd", tests, NULL, NULL);
}
