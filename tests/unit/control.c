/* SPDX-License-Identifier: ISC */
/* Control requests: rights, listings, the verdict, and hostile bytes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/control_rig.h"

static void
an_empty_queue_is_ok(void **state)
{
	(void)state;
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	assert_string_equal(rig.said,
	    "totals 0 waiting 0 held 0 failed 0 uncertain 0: ok, "
	    "no mail waits\noctets 0 oldest 0\n");
	assert_int_equal(rig.status, 0);
}

static void
a_listing_shows_all_in_order(void **state)
{
	char want[256], id[QUEUE_ID_TEXT];
	uint64_t first, second;

	(void)state;
	first = office_post(
	    &rig.o, (struct office_mail){ .uid = 1000,
			.sender = "cron",
			.to = { "a@example.com", "b@example.com" } });
	second = post(1001, "c@example.com");
	fixture_set(rig.o.parts.store, first, 2, RCPT_QUEUED, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	queue_id_format(first, id);
	/* A bare sender is a user of this host. */
	snprintf(want, sizeof(want),
	    "message %s queued <cron@contoso.com> 25 octets uid 1000 by "
	    "default\n"
	    "  a@example.com queued next 0: not tried yet\n"
	    "  b@example.com held next 0: held\n",
	    id);
	says(want);
	queue_id_format(second, id);
	snprintf(want, sizeof(want),
	    "message %s queued <sender@example.com> 25 octets uid 1001 by "
	    "default\n"
	    "  c@example.com queued next 0: not tried yet\n",
	    id);
	says(want);
	says("totals 2 waiting 2 held 0");
}

static void
a_finished_recipient_is_not_listed(void **state)
{
	uint64_t id = office_post(&rig.o,
	    (struct office_mail){ .to = { "a@example.com", "b@example.com" } });

	(void)state;
	fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(rig.o.parts.store, id, 1, RCPT_ACTIVE, RCPT_DELIVERED, 0);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says_not("a@example.com");
	says("b@example.com queued");
}

/* More than a slice, each message once. */
static void
a_long_listing_comes_in_slices(void **state)
{
	char id[QUEUE_ID_TEXT], *at;
	uint64_t ids[600];
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		ids[i] = post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	at = rig.said;
	for (i = 0; i < 600; i++) {
		queue_id_format(ids[i], id);
		at = strstr(at, id);
		assert_non_null(at);
		at++;
	}
	says("totals 600 waiting 600");
}

static void
others_see_their_own_alone(void **state)
{
	uint64_t mine, theirs;

	(void)state;
	if (geteuid() != 0)
		skip();
	theirs = post(1000, "secret@example.com");
	mine = post(STRANGER, "mine@example.com");
	ask_verb(STRANGER, CTL_LIST, 0, 0);
	says("mine@example.com");
	says_not("secret@example.com");
	/* Both counts are the whole queue's all the same. */
	says("totals 2 waiting 2 held 0 failed 0 uncertain 0 own");
	ask_verb(STRANGER, CTL_SHOW, mine, 0);
	says("mine@example.com");
	assert_int_equal(rig.status, 0);
	/* Another's mail and no mail look the same. */
	ask_verb(STRANGER, CTL_SHOW, theirs, 0);
	says_not("secret@example.com");
	says("done: no message");
	assert_int_equal(rig.status, EX_NOINPUT);
}

static void
queue_user_and_the_admin_group_see_all(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	post(1000, "a@example.com");
	rig.o.identity.uid = STRANGER;
	ask_verb(STRANGER, CTL_LIST, 0, 0);
	says("a@example.com");
	rig.o.identity.uid = 1;
	ask_verb(STRANGER, CTL_LIST, 0, 0);
	says_not("a@example.com");
	/* The kernel knows the groups of whoever connected. */
	rig.o.identity.has_admin_group = true;
	rig.o.identity.admin_gid = getegid();
	ask_verb(STRANGER, CTL_LIST, 0, 0);
	says("a@example.com");
	rig.o.identity.admin_gid = 54321;
	ask_verb(STRANGER, CTL_LIST, 0, 0);
	says_not("a@example.com");
}

static void
one_message_is_shown_whole(void **state)
{
	struct ctl_request r = { .verb = CTL_SHOW, .body = true };
	struct store_attempt a = { .rcpt = 1,
		.at = T0,
		.outcome = "deferred",
		.account = "",
		.relay = "mx",
		.address = "",
		.tls = "",
		.cipher = "",
		.code = 451,
		.status = "4.7.1",
		.text = "later, please" };
	uint64_t id = post(1000, "a@example.com");
	char name[QUEUE_ID_TEXT];

	(void)state;
	a.message = id;
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_attempt_add(rig.o.parts.store, &a, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	queue_id_format(id, name);
	strlist_add(&r.ids, name);
	strlist_add(&r.ids, name);
	ask_request(geteuid(), &r);
	says("a@example.com queued");
	says("attempt a@example.com deferred 451 later, please\n");
	says("body Subject: test\r\n\r\na line\r\n");
	/* Twice, as it was asked for. */
	assert_non_null(strstr(strstr(rig.said, "body ") + 1, "body "));
	says_not("done:");
	r.body = false;
	ask_request(geteuid(), &r);
	says_not("body");
	assert_int_equal(rig.status, 0);
	strlist_clear(&r.ids);
	strlist_add(&r.ids, "bob");
	ask_request(geteuid(), &r);
	says("done: bob is no queue id");
	assert_int_equal(rig.status, EX_NOINPUT);
	strlist_clear(&r.ids);
}

/* ---- status ---- */

static void
the_verdict_follows_the_worst(void **state)
{
	struct store *s = rig.o.parts.store;
	uint64_t id;

	(void)state;
	id = post(1000, "a@example.com");
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("account default ready waiting 1\n"
	     "limits 0/0s 0 recipients 2 connections\n");
	says("octets 25 oldest 0\n");
	says("totals 1 waiting 1 held 0 failed 0 uncertain 0: ok, "
	     "mail is going out\n");
	fixture_set(s, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("held 1 failed 0 uncertain 0: warning, mail is held");
	fixture_set(s, id, 1, RCPT_HELD, RCPT_QUEUED, T0);
	fixture_set(s, id, 1, RCPT_QUEUED, RCPT_ACTIVE, 0);
	fixture_set(s, id, 1, RCPT_ACTIVE, RCPT_UNCERTAIN, T0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("uncertain 1: warning, the server did not confirm");
	fixture_set(s, id, 1, RCPT_UNCERTAIN, RCPT_QUEUED, T0);
	dispatch_set_paused(rig.o.parts.dispatch, true);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, delivery is paused");
	says("octets 25 paused oldest 0\n");
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("a@example.com queued next 0: delivery is paused");
	rig.o.conf->queue.delivery = false;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, delivery is off");
	says("octets 25 paused off oldest 0\n");
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("a@example.com queued next 0: delivery is off");
	rig.is_daemon = false;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("critical, mailchuted is not running");
	/* With nothing waiting nobody is alarmed. */
	ask_verb(geteuid(), CTL_REMOVE, id, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("ok, no mail waits");
}

static void
alarms_stand_in_the_status(void **state)
{
	uint64_t *room = &rig.o.conf->queue.free_space_min;

	(void)state;
	*room = UINT64_MAX / 4;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says_not("alarm");
	/* A minute later, by the queue's clock. */
	rig.o.parts.times.pending_s -= 60;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("alarm disk-full of none: no mail is taken: the disk of ");
	says("; Make room on the disk of ");
	says(": warning, no mail is taken: the disk of ");
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says(": warning, no mail is taken: the disk of ");
	says("message");
	says_not("alarm disk-full");
	if (geteuid() == 0) {
		ask_verb(STRANGER, CTL_STATUS, 0, 0);
		says(": warning, an alarm lasts: disk-full\n");
		says_not(rig.o.directory);
	}
	/* Over at once when its cause is, not with the next minute. */
	*room = 0;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says_not("alarm disk-full");
	/* But for the mail about it, which is on its way. */
	says(": ok, mail is going out");
	/* Without a daemon nobody looks: what was told last stands. */
	rig.is_daemon = false;
	*room = UINT64_MAX / 4;
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says_not("alarm disk-full");
}

static void
nonsense_ends_the_client_alone(void **state)
{
	static const unsigned char huge[] = { CTL_REQUEST, 0x7f, 0xff, 0xff,
		0xff };
	struct ctl_request r = { .verb = CTL_LIST };
	struct buf b;

	(void)state;
	assert_false(ask_with(geteuid(), huge, sizeof(huge)));
	assert_true(ask_with(geteuid(), "\x01\0\0\0\0", 5));
	assert_int_equal(rig.status, EX_TEMPFAIL);
	assert_true(ask_with(geteuid(), "\x07\0\0\0\0", 5));
	assert_int_equal(rig.status, EX_TEMPFAIL);
	/* And the next one is served. */
	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, &r), 0);
	assert_true(ask_with(geteuid(), buf_data(&b), b.len));
	assert_int_equal(rig.status, 0);
	buf_clear(&b);
}

/* It says which program to restart, and that it may go then. */
static void
other_versions_are_told_so(void **state)
{
	struct ctl_request r = { .verb = CTL_LIST };
	struct buf b;

	(void)state;
	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, &r), 0);
	/* The version is the first field: its last octet. */
	b.data[FRAME_HEAD + FRAME_HEAD + 7] = CTL_VERSION + 1;
	assert_true(ask_with(geteuid(), buf_data(&b), b.len));
	assert_int_equal(rig.status, EX_TEMPFAIL);
	says("restart mailchuted");
	/* Too much is asked for, whatever the version. */
	r.ids.n = 0;
	while (r.ids.n <= CTL_IDS_MAX)
		strlist_add(&r.ids, "0193A0B1C2D3");
	buf_truncate(&b, 0);
	assert_int_equal(ctl_put_request(&b, &r), 0);
	assert_true(ask_with(geteuid(), buf_data(&b), b.len));
	assert_int_equal(rig.status, EX_USAGE);
	strlist_clear(&r.ids);
	buf_clear(&b);
}

static void
set_due(uint64_t id, int64_t at)
{
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    store_message_due(rig.o.parts.store, id, at, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
}

/* The reason shown is the one that keeps it waiting now. */
static void
waiting_mail_says_why_and_when(void **state)
{
	uint64_t id = office_post(&rig.o,
	    (struct office_mail){ .to = { "a@example.com", "b@example.com" } });

	(void)state;
	set_due(id, T0 + 60);
	fixture_set(rig.o.parts.store, id, 2, RCPT_QUEUED, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("  a@example.com queued next 60: not tried yet\n");
	dispatch_set_paused(rig.o.parts.dispatch, true);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("  a@example.com queued next 0: delivery is paused");
	/* What is held waits for something else. */
	says("  b@example.com held next 0: held\n");
	dispatch_set_paused(rig.o.parts.dispatch, false);
	rig.o.conf->queue.delivery = false;
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("  a@example.com queued next 0: delivery is off");
	says("  b@example.com held next 0: held\n");
}

/* An account as it was left, which the queue finds when it is opened. */
static void
reopen_with(enum account_state to, int64_t next_at)
{
	char name[] = "", text[] = "wrong password";
	struct store_account a = { .name = name,
		.state = to,
		.since = T0,
		.next_at = next_at,
		.failures = 1,
		.code = 535,
		.status = "5.7.3",
		.text = text };

	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_account_put(rig.o.parts.store, &a, &rig.o.e), 0);
	fixture_commit(rig.o.parts.store);
	control_reopen();
}

static void
an_account_s_trouble_is_its_mail_s(void **state)
{
	const int64_t later = clock_wall() + 3600;
	uint64_t id = post(1000, "a@example.com");
	char want[128];

	(void)state;
	reopen_with(ACCOUNT_HELD, later);
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	snprintf(want, sizeof(want),
	    "a@example.com queued next %lld: wrong password\n",
	    (long long)(later - T0));
	says(want);
	says("critical, account default is held: 535 5.7.3 wrong password; "
	     "1 message waits, the next try is in ");
	reopen_with(ACCOUNT_BACKOFF, later);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("account default backoff waiting 1\n");
	says("warning, account default backs off: 535 5.7.3 wrong password; "
	     "1 message waits, ");
	if (geteuid() == 0) {
		/* To anyone the verdict, and no more of the account. */
		ask_verb(STRANGER, CTL_STATUS, 0, 0);
		says("warning, an account backs off: its mail waits\n");
		says_not("account default");
		says_not("wrong password");
	}
	/* With no mail of its waiting, a back-off worries nobody. */
	fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("warning, mail is held");
}

/* Each under the name that the administrator gave it. */
static void
accounts_are_named_for_people(void **state)
{
	static const char options[] =
	    OFFICE_ADMIN OFFICE_ACCOUNT "[account shop]\nprovider = smtp\n"
					"host = 127.0.0.1\ntls = none\n"
					"senders = @shop.example\n"
					"rate = 5/1h\nconnections = 7\n"
					"recipients_per_day = 99\n";

	(void)state;
	office_close(&rig.o);
	office_open(&rig.o, options);
	dispatch_stop(rig.o.parts.dispatch);
	office_post(&rig.o, (struct office_mail){
				.account = "shop", .to = { "a@example.com" } });
	ask_verb(geteuid(), CTL_LIST, 0, 0);
	says("uid 0 by shop\n");
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("account default ready waiting 0\n");
	says("account shop ready waiting 1\n"
	     "limits 5/3600s 99 recipients 7 connections\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(an_empty_queue_is_ok),
		in_rig(a_listing_shows_all_in_order),
		in_rig(a_finished_recipient_is_not_listed),
		in_rig(a_long_listing_comes_in_slices),
		in_rig(others_see_their_own_alone),
		in_rig(queue_user_and_the_admin_group_see_all),
		in_rig(one_message_is_shown_whole),
		in_rig(the_verdict_follows_the_worst),
		in_rig(waiting_mail_says_why_and_when),
		in_rig(an_account_s_trouble_is_its_mail_s),
		in_rig(accounts_are_named_for_people),
		in_rig(alarms_stand_in_the_status),
		in_rig(nonsense_ends_the_client_alone),
		in_rig(other_versions_are_told_so),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
