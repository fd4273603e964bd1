/* SPDX-License-Identifier: ISC */
/* Accounts of one mailbox share its budget and its connections. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define SERVER \
	"provider = smtp\nhost = 127.0.0.1\ntls = implicit\n" \
	"password_file = pw\n"

/* Two accounts of a mailbox, written in two ways, and one of another. */
#define THREE(more) \
	OFFICE_ADMIN "[account]\n" SERVER "user = A@Contoso.com\n" more \
		     "[account other]\n" SERVER "user = a@contoso.COM\n" \
		     "senders = @other.example\n" more \
		     "[account third]\n" SERVER "user = b@contoso.com\n" \
		     "senders = @third.example\n" more

static uint64_t
post_by(const char *account)
{
	return office_post(&rig.o, (struct office_mail){ .account = account,
				       .to = { "a@example.com" },
				       .at = rig.now - 1 });
}

static void
connects(struct deliver *d)
{
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
}

static void
the_budget_is_the_mailbox_s_whatever_restarts(void **state)
{
	struct deliver d;

	(void)state;
	rig_up(THREE("rate = 1/1h\n"));
	post_by("");
	will_start(&d);
	kick();
	connects(&d);
	takes_one(&d);
	assert_string_equal(view(0).state, "budget");
	assert_string_equal(view(1).state, "budget");
	assert_string_equal(view(2).state, "ready");
	assert_int_equal(view(1).rcpts_day, 1);
	assert_int_equal(view(1).sent_minute, 1);
	says_closed(&d, JOB_UNTRIED);
	office_reopen(&rig.o);
	assert_string_equal(view(0).state, "budget");
	assert_string_equal(view(1).state, "budget");
	assert_string_equal(view(2).state, "ready");
	assert_int_equal(view(0).rcpts_day, 1);
	rig_down();
}

/* As one without this rule has left it. */
static void
a_ledger_in_another_case_counts(void **state)
{
	(void)state;
	rig_up(THREE("rate = 1/1h\n"));
	fixture_begin(rig.o.parts.store);
	assert_int_equal(store_budget_add(rig.o.parts.store, "A@Contoso.com",
			     rig.now, 1, 7, &rig.o.e),
	    0);
	fixture_commit(rig.o.parts.store);
	office_reopen(&rig.o);
	assert_int_equal(view(0).rcpts_day, 7);
	assert_int_equal(view(2).rcpts_day, 0);
	rig_down();
}

static void
an_idle_connection_gives_way(void **state)
{
	struct deliver d[3];
	uint64_t id;

	(void)state;
	rig_up(THREE("connections = 1\n"));
	post_by("");
	will_start(&d[0]);
	kick();
	connects(&d[0]);
	takes_one(&d[0]);
	/* It lingers; the other account has no place beside it. */
	id = post_by("other");
	kick();
	not_asked();
	hears(&d[0], JOB_QUIT);
	will_start(&d[1]);
	says_closed(&d[0], JOB_UNTRIED);
	connects(&d[1]);
	assert_true(takes_one(&d[1]) == id);
	/* Another mailbox has its own. */
	id = post_by("third");
	will_start(&d[2]);
	kick();
	connects(&d[2]);
	assert_true(takes_one(&d[2]) == id);
	hangs_up(&d[1]);
	hangs_up(&d[2]);
	rig_down();
}

/* Neither keeps the other waiting for the end of all of its mail. */
static void
a_busy_one_gives_way_after_its_message(void **state)
{
	struct deliver d[2];
	uint64_t id;

	(void)state;
	rig_up(THREE("connections = 1\n"));
	post_by("");
	post_by("");
	will_start(&d[0]);
	kick();
	connects(&d[0]);
	id = post_by("other");
	kick();
	takes_one(&d[0]);
	hears(&d[0], JOB_QUIT);
	will_start(&d[1]);
	says_closed(&d[0], JOB_UNTRIED);
	connects(&d[1]);
	assert_true(takes_one(&d[1]) == id);
	/* And back again, with nothing left to do here. */
	hears(&d[1], JOB_QUIT);
	will_start(&d[0]);
	says_closed(&d[1], JOB_UNTRIED);
	connects(&d[0]);
	takes_one(&d[0]);
	assert_string_equal(office_list(&rig.o), "");
	hangs_up(&d[0]);
	rig_down();
}

/* Two have one each, and neither is sent away for a second one. */
static void
equal_parts_stay(void **state)
{
	struct deliver d[2];

	(void)state;
	rig_up(THREE("connections = 2\n"));
	post_by("");
	will_start(&d[0]);
	kick();
	connects(&d[0]);
	takes_one(&d[0]);
	post_by("other");
	will_start(&d[1]);
	kick();
	connects(&d[1]);
	takes_one(&d[1]);
	/* Each may have two by its slow start, and has work for them. */
	post_by("");
	post_by("");
	post_by("other");
	post_by("other");
	kick();
	not_asked();
	takes_one(&d[0]);
	takes_one(&d[0]);
	takes_one(&d[1]);
	takes_one(&d[1]);
	not_asked();
	hangs_up(&d[0]);
	hangs_up(&d[1]);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_budget_is_the_mailbox_s_whatever_restarts),
		cmocka_unit_test(a_ledger_in_another_case_counts),
		cmocka_unit_test(an_idle_connection_gives_way),
		cmocka_unit_test(a_busy_one_gives_way_after_its_message),
		cmocka_unit_test(equal_parts_stay),
	};

	return cmocka_run_group_tests_name("lane_mailbox", tests, NULL, NULL);
}
