/* SPDX-License-Identifier: ISC */
/* A user's share of the day: how it is told, and how somebody lifts it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "tests/unit/control_rig.h"

/* Of a day of so many, the user has just sent to so many. */
static void
has_sent(uid_t uid, unsigned recipients, unsigned of)
{
	struct store *s = rig.o.parts.store;
	char key[32];

	snprintf(key, sizeof(key), "user  %u", (unsigned)uid);
	fixture_begin(s);
	assert_int_equal(
	    store_budget_add(s, "", clock_wall(), 1, recipients, &rig.o.e), 0);
	assert_int_equal(
	    store_budget_add(s, key, clock_wall(), 1, recipients, &rig.o.e), 0);
	fixture_commit(s);
	rig.o.conf->accounts[0].recipients_per_day = of;
	control_reopen();
}

static bool
is_released(uid_t uid, uint64_t id)
{
	int found = store_is_released(rig.o.parts.store, uid, id, &rig.o.e);

	assert_int_not_equal(found, -1);
	return found == 1;
}

/* A message at a time. */
static void
what_waits_for_a_share_is_released(void **state)
{
	uint64_t a = post(1000, "a@example.com");
	uint64_t b = post(1000, "b@example.com");
	uint64_t c = post(1001, "c@example.com");

	(void)state;
	has_sent(1000, 8, 10);
	ask_verb(geteuid(), CTL_RELEASE, a, c);
	says(": released\n");
	says(": is not held\n");
	assert_true(is_released(1000, a));
	assert_false(is_released(1000, b));
	assert_false(is_released(1001, c));
	ask_verb(geteuid(), CTL_RELEASE, a, 0);
	says(": is not held\n");
	ask_verb(geteuid(), CTL_RELEASE, 0, 0);
	says("1 message\n");
	assert_true(is_released(1000, b));
	ask_verb(geteuid(), CTL_REMOVE, b, 0);
	assert_false(is_released(1000, b));
}

/* What somebody held is no share's matter once he lets it go. */
static void
what_was_held_goes_when_it_is_released(void **state)
{
	uint64_t a = post(1000, "a@example.com");

	(void)state;
	ask_verb(geteuid(), CTL_HOLD, a, 0);
	has_sent(1000, 8, 10);
	ask_verb(geteuid(), CTL_RELEASE, a, 0);
	says(": released\n");
	assert_true(is_released(1000, a));
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued");
}

static void
others_lift_nothing(void **state)
{
	uint64_t a = post(STRANGER, "a@example.com");

	(void)state;
	has_sent(STRANGER, 8, 10);
	ask_verb(STRANGER, CTL_RELEASE, a, 0);
	says("only root, queue.user and queue.admin_group");
	assert_false(is_released(STRANGER, a));
}

static void
a_listing_says_why_and_until_when(void **state)
{
	uint64_t a = post(1000, "a@example.com");

	(void)state;
	has_sent(1000, 8, 10);
	ask_verb(geteuid(), CTL_SHOW, a, 0);
	assert_string_equal(rig.last.text,
	    "user id 1000 has had his share of account.recipients_per_day (8 "
	    "of 10 recipients in 1d)");
	assert_non_null(strstr(rig.last.meaning, "queue.uid_share"));
	assert_non_null(strstr(rig.last.fix, "mailchute release"));
	assert_in_range(rig.last.next_at, clock_wall() + 23 * 3600,
	    clock_wall() + 25 * 3600);
	/* Not of what was released, nor of an alarm. */
	ask_verb(geteuid(), CTL_RELEASE, a, 0);
	ask_verb(geteuid(), CTL_SHOW, a, 0);
	assert_string_equal(rig.last.text, "not tried yet");
	a = office_post(&rig.o,
	    (struct office_mail){
		.uid = 1000, .kind = KIND_ALARM, .to = { "it@contoso.com" } });
	ask_verb(geteuid(), CTL_SHOW, a, 0);
	assert_string_equal(rig.last.text, "not tried yet");
}

/* A remark, which changes no verdict. */
static void
status_tells_of_half_a_share(void **state)
{
	(void)state;
	has_sent(7, 1, 100);
	has_sent(33, 39, 100);
	ask_verb(geteuid(), CTL_STATUS, 0, 0);
	says("user id 33 has sent to 39 of the 100 recipients a day of account "
	     "default, and may send to 35 more\n");
	says_not("user id 7 ");
	says("ok, no mail waits");
	ask_verb(STRANGER, CTL_STATUS, 0, 0);
	says_not("user id 33");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(what_waits_for_a_share_is_released),
		in_rig(what_was_held_goes_when_it_is_released),
		in_rig(others_lift_nothing),
		in_rig(a_listing_says_why_and_until_when),
		in_rig(status_tells_of_half_a_share),
	};

	return cmocka_run_group_tests_name("control_share", tests, NULL, NULL);
}
