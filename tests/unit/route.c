/* SPDX-License-Identifier: ISC */
/* The choice of an account, by sender and by submitter. */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/ask.h"
#include "mail/route.h"
#include "tests/unit/office.h"

#define STRANGER 2000000000 /* no user of this host */

#define SERVER "provider = smtp\nhost = 127.0.0.1\ntls = none\n"

/* The name of the account that carries it; NULL: none may. */
static const char *
route(struct office *o, uid_t uid, const char *from, const char *sender)
{
	const struct conf_account *a;
	struct route_users users;
	struct envelope env;

	envelope_init(&env);
	env.from = from == NULL ? NULL : xstrdup(from);
	free(env.sender);
	env.sender = xstrdup(sender);
	err_clear(&o->e);
	users = (struct route_users){ ask_admits, o->parts.ask };
	a = route_find(o->conf, &users, uid, &env, &o->e);
	envelope_clear(&env);
	return a == NULL ? NULL : a->name;
}

static int
may_use(struct office *o, uid_t uid, const char *address, struct err *e)
{
	const struct route_users users = { ask_admits, o->parts.ask };

	return route_may_use(o->conf, &users, uid, address, e);
}

static void
the_sender_chooses(void **state)
{
	static const struct {
		const char *from, *sender, *account;
	} cases[] = {
		{ "a@shop.example", "x@y.example", "shop" },
		{ "A@SHOP.example", "x@y.example", "shop" },
		{ "a@news.example", "x@y.example", "news" },
		/* The first that matches. */
		{ "both@shop.example", "x@y.example", "shop" },
		/* Lacking a From, the envelope sender. */
		{ NULL, "a@news.example", "news" },
		{ "a@other.example", "a@news.example", "" },
		{ NULL, "", "" },
		/* A bare name is a user of this host. */
		{ "cron", "x@y.example", "news" },
		{ NULL, "cron", "news" },
		{ "root", "cron", "" },
	};
	struct office o;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "[account shop]\n" SERVER "senders = @shop.example\n"
	    "[account news]\n" SERVER "senders = @news.example, "
	    "both@shop.example, "
	    "cron@contoso.com\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    route(&o, STRANGER, cases[i].from, cases[i].sender),
		    cases[i].account);
	office_close(&o);
}

static void
whom_an_account_does_not_admit_goes_by_another(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "[account roots]\n" SERVER "senders = @shop.example\nusers = root\n"
	    "[account shop]\n" SERVER "senders = @shop.example\n");
	assert_string_equal(route(&o, 0, "a@shop.example", ""), "roots");
	assert_string_equal(route(&o, STRANGER, "a@shop.example", ""), "shop");
	office_close(&o);
}

static void
whom_none_admits_is_refused(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT "users = root\n");
	assert_string_equal(route(&o, 0, NULL, "x@y.example"), "");
	assert_null(route(&o, STRANGER, NULL, "x@y.example"));
	assert_int_equal(o.e.class, ERR_PERM);
	assert_string_equal(o.e.status, "5.7.1");
	assert_non_null(strstr(o.e.text, "uid 2000000000"));
	office_close(&o);

	/* One account among several is still not for everyone. */
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "users = root\n"
	    "[account shop]\n" SERVER "senders = @shop.example\n");
	assert_string_equal(route(&o, STRANGER, "a@shop.example", ""), "shop");
	assert_null(route(&o, STRANGER, "a@other.example", ""));
	office_close(&o);
}

/* Not knowing who is a member is no reason to bounce anybody's mail. */
static void
a_look_up_that_fails_is_no_refusal(void **state)
{
	struct ask_answer later = { .ok = false };
	struct office o;
	int parent, i;

	(void)state;
	office_open_parented(&o,
	    OFFICE_ADMIN OFFICE_ACCOUNT
	    "users = root\n"
	    "[account shop]\n" SERVER "senders = @shop.example\nusers = root\n",
	    &parent);
	err_set(&later.why, ERR_TEMP, "4.3.0", "the directory is away");
	for (i = 0; i < 2; i++) {
		assert_int_equal(
		    send(parent, &later, sizeof(later), 0), sizeof(later));
		assert_null(route(
		    &o, 0, i == 0 ? "a@shop.example" : "a@x.example", ""));
		assert_int_equal(o.e.class, ERR_TEMP);
	}
	assert_int_equal(send(parent, &later, sizeof(later), 0), sizeof(later));
	assert_int_equal(may_use(&o, 0, "a@shop.example", &o.e), -1);
	office_close(&o);
	close(parent);
}

/* With one account, senders decide what is rewritten, not where it goes. */
static void
a_lone_account_carries_any_sender(void **state)
{
	struct office o;

	(void)state;
	office_open(&o,
	    OFFICE_ADMIN "[account only]\n" SERVER "senders = @shop.example\n");
	assert_string_equal(
	    route(&o, STRANGER, "x@y.example", "x@y.example"), "only");
	office_close(&o);
}

static void
an_address_is_for_whom_its_account_admits(void **state)
{
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "[account roots]\n" SERVER "senders = @shop.example\nusers = root\n"
	    "[account news]\n" SERVER "senders = both@shop.example\n");
	assert_int_equal(may_use(&o, 0, "a@shop.example", &o.e), 1);
	assert_int_equal(may_use(&o, STRANGER, "a@shop.example", &o.e), 0);
	/* By the second that has it. */
	assert_int_equal(may_use(&o, STRANGER, "both@shop.example", &o.e), 1);
	assert_int_equal(may_use(&o, 0, "a@other.example", &o.e), 0);
	/* Nor is another user's name, with which no account sends. */
	assert_int_equal(may_use(&o, STRANGER, "root", &o.e), 0);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sender_chooses),
		cmocka_unit_test(
		    whom_an_account_does_not_admit_goes_by_another),
		cmocka_unit_test(whom_none_admits_is_refused),
		cmocka_unit_test(a_look_up_that_fails_is_no_refusal),
		cmocka_unit_test(a_lone_account_carries_any_sender),
		cmocka_unit_test(an_address_is_for_whom_its_account_admits),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
