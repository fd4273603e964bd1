/* SPDX-License-Identifier: ISC */
/*
 * The expiry calendar of a queue: told once, over restarts, by mail as soon as
 * one can leave.
 */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/calendar.h"
#include "queue/expiry_store.h"
#include "tests/unit/dispatch_rig.h"

#define DAY 86400

/* 2027-03-01T00:00:00Z, on which the secret ends. */
#define END 1803859200

/* Mail stays where it can be counted. */
#define QUIET OFFICE_ADMIN "[queue]\ndelivery = off\n"
#define DATED \
	QUIET "[account]\nhost = 127.0.0.1\nuser = a@contoso.com\n" \
	      "tenant = t.example\nclient_secret_file = /s\n" \
	      "client_id = 11111111-2222-3333-4444-555555555555\n" \
	      "client_secret_expires = 2027-03-01\n"

static int64_t today;

static void
up(int days)
{
	rig_up(DATED);
	today = END - (int64_t)days * DAY;
}

static void
look(void)
{
	calendar_look_at(rig.o.parts.calendar, today);
	office_run(&rig.o);
}

/* What a new start reads. */
static void
restart(void)
{
	struct parts *p = &rig.o.parts;
	const struct calendar_parts cp = { p->conf, p->identity, &p->times,
		p->store, p->batch, p->limits, p->expand, p->dispatch,
		p->alarms, p->ask };

	calendar_free(p->calendar);
	p->calendar = calendar_new(&cp, &rig.o.e);
	assert_non_null(p->calendar);
}

static void
mails(size_t n)
{
	const char *list = office_list(&rig.o), *at = list;
	size_t found = 0;

	while ((at = strstr(at, "it@contoso.com")) != NULL) {
		found++;
		at++;
	}
	if (found != n)
		fail_msg("%zu mails, not %zu: %s", found, n, list);
}

static void
what_is_far_off_is_known_and_not_told(void **state)
{
	(void)state;
	up(40);
	look();
	assert_int_equal(office_logged(&rig.o, "expires"), 0);
	assert_int_equal(fixture_number(rig.o.conf->queue.directory,
			     "SELECT warned + mailed FROM expiry"
			     " WHERE what = 'client_secret'"),
	    0);
	mails(0);
	rig_down();
}

static void
it_is_told_once_by_log_and_mail_over_restarts(void **state)
{
	(void)state;
	up(10);
	look();
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	assert_int_equal(office_logged(&rig.o, "what=client_secret"), 2);
	assert_int_equal(office_logged(&rig.o, "expiry-mailed"), 1);
	mails(1);
	look();
	restart();
	look();
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	mails(1);
	rig_down();
}

static void
what_is_over_is_told_as_that(void **state)
{
	(void)state;
	up(-3);
	look();
	assert_int_equal(office_logged(&rig.o, "event=expired "), 1);
	mails(1);
	rig_down();
}

/* Nobody would read it, as while the default account is held. */
static void
mail_waits_until_one_can_leave(void **state)
{
	char *admin;

	(void)state;
	up(10);
	admin = rig.o.conf->local.admin;
	rig.o.conf->local.admin = NULL;
	look();
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	mails(0);
	rig.o.conf->local.admin = admin;
	restart();
	look();
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	mails(1);
	look();
	mails(1);
	rig_down();
}

static void
rows_of_accounts_that_are_gone_are_forgotten(void **state)
{
	const struct expiry x = { .at = 1, .source = EXPIRY_BY_CONF };

	(void)state;
	up(40);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(
	    expiry_put(rig.o.parts.store, "gone", EXPIRY_SECRET, &x, &rig.o.e),
	    0);
	/* Nor does this account have a certificate. */
	assert_int_equal(
	    expiry_put(rig.o.parts.store, "", EXPIRY_CERTIFICATE, &x, &rig.o.e),
	    0);
	/* And there is no such listener. */
	assert_int_equal(expiry_put(rig.o.parts.store, "gone", EXPIRY_LISTENER,
			     &x, &rig.o.e),
	    0);
	assert_int_equal(store_commit(rig.o.parts.store, &rig.o.e), 0);
	restart();
	look();
	assert_int_equal(fixture_number(rig.o.conf->queue.directory,
			     "SELECT count(*) FROM expiry"),
	    1);
	assert_int_equal(office_logged(&rig.o, "event=expired "), 0);
	rig_down();
}

/* Microsoft's date is no word for a host that has yet to send its first. */
static void
a_note_is_mailed_once_something_was_delivered(void **state)
{
	struct store_account k = { .name = (char[]){ "" },
		.state = ACCOUNT_READY,
		.last_success_at = 1 };

	(void)state;
	rig_up(QUIET "[account]\nuser = a@contoso.com\npassword_file = /p\n");
	today = 1798761600 - 5 * DAY; /* before 2027-01-01 */
	look();
	assert_int_equal(office_logged(&rig.o, "what=password_sign_in"), 1);
	mails(0);
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_account_put(rig.o.parts.store, &k, &rig.o.e), 0);
	assert_int_equal(store_commit(rig.o.parts.store, &rig.o.e), 0);
	office_reopen(&rig.o);
	look();
	mails(1);
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	rig_down();
}

struct seen {
	size_t n;
	enum expiry_what what;
	bool is_soon;
};

static void
see(void *arg, const struct calendar_view *v)
{
	struct seen *s = arg;

	s->n++;
	s->what = v->what;
	s->is_soon = expiry_is_soon(v->expiry, today);
	assert_non_null(
	    strstr(v->words.text, "11111111-2222-3333-4444-555555555555"));
}

static void
status_sees_what_is_known(void **state)
{
	struct seen s = { 0, EXPIRY_WHATS, false };

	(void)state;
	up(10);
	calendar_each(rig.o.parts.calendar, see, &s);
	assert_int_equal(s.n, 0);
	look();
	calendar_each(rig.o.parts.calendar, see, &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.what, EXPIRY_SECRET);
	assert_true(s.is_soon);
	rig_down();
}

/* ---- listeners ---- */

#define LISTENING \
	QUIET OFFICE_ACCOUNT "[account copier]\nprovider = smtp\nhost = " \
			     "127.0.0.1\ntls = none\n" \
			     "[listen other]\nport = 2526\n" \
			     "[listen copier]\nport = 2525\ntls = required\n" \
			     "certificate_file = /c.pem\nkey_file = /k.pem\n"

/*
 * The parent says that the copier's certificate ends then.  The answer lies in
 * the socket before it is asked for.
 */
static void
look_parented(int64_t until)
{
	struct ask_answer a = { .ok = true };

	a.door.pair_until = until;
	assert_int_equal(send(rig.parent, &a, sizeof(a), 0), sizeof(a));
	look();
	assert_int_equal(asked(ASK_LISTENER).listener, 1);
	not_asked();
}

static void
find_listener(void *arg, const struct calendar_view *v)
{
	*(int64_t *)arg = v->expiry->at;
	assert_null(v->subject.account);
	assert_string_equal(v->subject.listener->name, "copier");
}

static int64_t
listener_end(size_t listener)
{
	int64_t at = 0;

	calendar_listener(rig.o.parts.calendar, listener, find_listener, &at);
	return at;
}

static void
a_listener_is_told_of_as_an_account_is(void **state)
{
	(void)state;
	rig_up(LISTENING);
	today = END - 10 * (int64_t)DAY;
	look_parented(END);
	assert_int_equal(
	    office_logged(&rig.o, "event=expires listener=copier"), 1);
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	mails(1);
	look_parented(END);
	mails(1);
	assert_int_equal(listener_end(1), END);
	assert_int_equal(listener_end(0), 0);
	/* No word of it, as of one whose socket is gone: it stays known. */
	look_parented(0);
	assert_int_equal(listener_end(1), END);
	/* A new one. */
	look_parented(END + 80 * (int64_t)DAY);
	assert_int_equal(office_logged(&rig.o, "event=expires "), 1);
	assert_int_equal(fixture_number(rig.o.conf->queue.directory,
			     "SELECT warned + mailed FROM expiry"
			     " WHERE account = 'copier'"
			     " AND what = 'listener_certificate'"),
	    0);
	/* A new start reads it, and not as the account's of that name. */
	restart();
	assert_int_equal(listener_end(1), END + 80 * (int64_t)DAY);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_far_off_is_known_and_not_told),
		cmocka_unit_test(it_is_told_once_by_log_and_mail_over_restarts),
		cmocka_unit_test(what_is_over_is_told_as_that),
		cmocka_unit_test(mail_waits_until_one_can_leave),
		cmocka_unit_test(rows_of_accounts_that_are_gone_are_forgotten),
		cmocka_unit_test(a_note_is_mailed_once_something_was_delivered),
		cmocka_unit_test(status_sees_what_is_known),
		cmocka_unit_test(a_listener_is_told_of_as_an_account_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
