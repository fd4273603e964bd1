/* SPDX-License-Identifier: ISC */
/* What is said of mail whose time is over. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/notice_rig.h"

#define DAY (24 * 3600)

static void
expired_mail_says_so(void **state)
{
	struct office o;
	struct job *j;
	char *text;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try(&o,
	    office_post(&o, (struct office_mail){ .to = { "a@example.com" } }));
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_end(&o, j, T0 + 6 * DAY);
	text = notice_newest(&o);
	notice_holds(text, "Status: 4.1.1\r\n");
	notice_lacks(text, "X-Mailchute-Notice: failed");
	free(text);

	/* A refusal beside it makes it a failure. */
	j = settle_try(&o,
	    office_post(&o, (struct office_mail){
				.to = { "a@example.com", "b@example.com" } }));
	settle_answer(j, 0, JOB_DEFERRED, 451);
	settle_answer(j, 1, JOB_REJECTED, 550);
	settle_end(&o, j, T0 + 6 * DAY);
	text = notice_newest(&o);
	notice_holds(text, "Status: 4.1.1\r\n");
	notice_holds(text, "Status: 5.1.2\r\n");
	notice_holds(text, "X-Mailchute-Notice: failed");
	free(text);
	office_close(&o);
}

/* The last try as well was without an answer, by word or by silence. */
static void
who_may_have_got_it_is_told_of_as_such(void **state)
{
	struct office o;
	struct job *j;
	char *text;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		j = settle_try(
		    &o, office_post(&o,
			    (struct office_mail){ .to = { "a@example.com" } }));
		if (i == 0)
			settle_answer(j, 0, JOB_UNCERTAIN, 0);
		else
			strlcpy(
			    j->end.text, "deliver ended", sizeof(j->end.text));
		assert_true(settle_end(&o, j, T0 + 6 * DAY));
		assert_string_equal(
		    office_list(&o), "bounce <> to sender@example.com queued");
		text = notice_newest(&o);
		notice_holds(text, "X-Mailchute-Notice: expired");
		notice_holds(text, "The last try ended without an answer");
		notice_holds(text, "What to do: Ask the recipient");
		notice_lacks(text, "could not be delivered");
		free(text);
		office_close(&o);
	}
	/* With nobody to tell it waits for somebody to decide. */
	office_open(&o, OFFICE_ACCOUNT);
	j = settle_try(
	    &o, office_post(&o, (struct office_mail){ .sender = "cron",
				    .to = { "a@example.com" } }));
	settle_answer(j, 0, JOB_UNCERTAIN, 0);
	assert_false(settle_end(&o, j, T0 + 6 * DAY));
	assert_string_equal(
	    office_list(&o), "mail <cron> to a@example.com held");
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expired_mail_says_so),
		cmocka_unit_test(who_may_have_got_it_is_told_of_as_such),
	};

	return cmocka_run_group_tests_name("bounce_expired", tests, NULL, NULL);
}
