/* SPDX-License-Identifier: ISC */
/* Mail about alarms, where it can help; and alarms about mail that is held. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/alarm_rig.h"

/* ---- the mail ---- */

static void
mail_tells_of_another_account(void **state)
{
	struct deliver d;
	struct frame f;

	(void)state;
	up(TWO);
	post_to("other");
	is_refused("other", &d);
	has(told(), "account other is held");
	/* By the default account, and at once. */
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	says_ready(&d);
	f = hears(&d, JOB_MESSAGE);
	assert_non_null(memmem(f.payload, f.len, "it@contoso.com", 14));
	while (f.type != JOB_BODY)
		f = hears(&d, JOB_BODY);
	has((const char *)f.payload,
	    "From: Mail Delivery System <MAILER-DAEMON@contoso.com>\r\n");
	has((const char *)f.payload, "To: <it@contoso.com>\r\n");
	has((const char *)f.payload,
	    "Subject: mailchute on web01.contoso.com: account other is "
	    "held\r\n");
	has((const char *)f.payload, "Auto-Submitted: auto-generated\r\n");
	has((const char *)f.payload, "X-Mailchute-Notice: last\r\n");
	has((const char *)f.payload, "\r\n\r\nmailchute on web01");
	assert_int_equal(office_logged(&rig.o, "event=alarm-mailed"), 1);
	hangs_up(&d);
	rig_down();
}

static void
no_mail_while_it_could_not_leave(void **state)
{
	struct deliver d;

	(void)state;
	up(TWO);
	post_to("");
	is_refused("", NULL);
	told();
	post_to("other");
	is_refused("other", NULL);
	told();
	restart();
	look();
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued\n"
	    "mail <sender@example.com> to a@example.com queued");
	/* Then it is written once, and not about what is over. */
	may_try(0, &d);
	says_ready(&d);
	takes_one(&d);
	office_run(&rig.o);
	assert_int_equal(office_logged(&rig.o, "event=alarm-mailed"), 1);
	has(office_list(&rig.o), "alarm <> to it@contoso.com");
	hangs_up(&d);
	rig_down();
}

static void
without_an_administrator_there_is_no_mail(void **state)
{
	(void)state;
	up(OFFICE_ACCOUNT OTHER);
	post_to("other");
	is_refused("other", NULL);
	told();
	look();
	assert_int_equal(office_logged(&rig.o, "event=alarm-mailed"), 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <sender@example.com> to a@example.com queued");
	rig_down();
}

/* ---- held mail ---- */

/* A try that leaves it held: its sender is nobody who could be told. */
static uint64_t
leaves_held(struct deliver *d, enum message_kind kind)
{
	uint64_t id = office_post(&rig.o, (struct office_mail){ .uid = 1000,
					      .kind = kind,
					      .sender = "",
					      .to = { "it@contoso.com" },
					      .at = rig.now - 1 });

	dispatch_kick(rig.o.parts.dispatch, "");
	assert_true(hears_message(d) == id);
	hears(d, JOB_BODY_END);
	says_result(d, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT, 550);
	says_done(d);
	return id;
}

static void
starts(struct deliver *d)
{
	post_to("");
	will_start(d);
	kick();
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	says_ready(d);
	takes_one(d);
}

static void
held_mail_is_told_until_the_last_is_gone(void **state)
{
	char name[QUEUE_ID_TEXT];
	struct deliver d;
	uint64_t first, second;
	const char *text;

	(void)state;
	up(ONE "connections = 1\n");
	starts(&d);
	first = leaves_held(&d, KIND_BOUNCE);
	queue_id_format(first, name);
	text = told();
	has(text, name);
	has(text, "not taken even by local.admin");
	assert_null(strstr(text, "it@contoso.com"));
	second = leaves_held(&d, KIND_BOUNCE);
	look();
	not_asked();
	assert_string_equal(lasting(), "mail-held -");
	restart();
	fixture_set(rig.o.parts.store, first, 1, RCPT_HELD, RCPT_REMOVED, 0);
	look();
	assert_string_equal(lasting(), "mail-held -");
	fixture_set(rig.o.parts.store, second, 1, RCPT_HELD, RCPT_QUEUED,
	    rig.now + DAY);
	look();
	assert_string_equal(lasting(), "");
	/* Nothing about it went where the notices were not taken. */
	assert_int_equal(office_logged(&rig.o, "event=alarm-mailed"), 0);
	hangs_up(&d);
	rig_down();
}

/* What an administrator wants to decide himself is nothing new to him. */
static void
mail_held_by_choice_is_none(void **state)
{
	struct deliver d;
	uint64_t id;

	(void)state;
	up(ONE "connections = 1\n[queue]\nuncertain = hold\n");
	starts(&d);
	id = post_to("");
	kick();
	assert_true(hears_message(&d) == id);
	hears(&d, JOB_BODY_END);
	says_result(&d, 1, JOB_UNCERTAIN, JOB_SCOPE_MESSAGE, 0);
	says_closed(&d, JOB_UNCERTAIN);
	has(office_list(&rig.o), "a@example.com held");
	id = post_to("");
	fixture_set(rig.o.parts.store, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	look();
	assert_string_equal(lasting(), "");
	not_asked();
	rig_down();
}

/* A loop would be: the alarm fails, is held, and is told by an alarm. */
static void
an_alarm_that_fails_makes_no_other(void **state)
{
	struct deliver d;
	int i;

	(void)state;
	up(TWO);
	starts(&d);
	leaves_held(&d, KIND_ALARM);
	told();
	for (i = 0; i < 3; i++) {
		later(DAY);
		look();
		told();
	}
	assert_int_equal(office_logged(&rig.o, "event=alarm-mailed"), 0);
	hears_nothing(&d);
	hangs_up(&d);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_tells_of_another_account),
		cmocka_unit_test(no_mail_while_it_could_not_leave),
		cmocka_unit_test(without_an_administrator_there_is_no_mail),
		cmocka_unit_test(held_mail_is_told_until_the_last_is_gone),
		cmocka_unit_test(mail_held_by_choice_is_none),
		cmocka_unit_test(an_alarm_that_fails_makes_no_other),
	};

	return cmocka_run_group_tests_name("alarm_mail", tests, NULL, NULL);
}
