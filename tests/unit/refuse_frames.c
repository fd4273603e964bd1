/* SPDX-License-Identifier: ISC */
/* Refusing a submission by itself: its frames, and an end at any moment. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/refuse.h"
#include "tests/unit/drop_rig.h"

#define OFFICE    OFFICE_ADMIN OFFICE_ACCOUNT
#define DROP_LINE "mailchute drop 1\n"

static int64_t
number(const char *sql)
{
	char *path = xasprintf("%s/queue", drop_rig.o.directory);
	int64_t n = fixture_number(path, sql);

	free(path);
	return n;
}

#define JOURNALLED "SELECT count(*) FROM event WHERE what = 'bounced'"

static void
lists(const char *what)
{
	assert_string_equal(office_list(&drop_rig.o), what);
}

static void
on_refused(void *arg, uint64_t queue_id, const struct err *failed)
{
	(void)arg;
	(void)queue_id;
	(void)failed;
	fail_msg("it was dropped");
}

/* The commit stands, its file too: a crash between the two, or a stop. */
static void
a_crash_before_the_removal_tells_nobody_twice(void **state)
{
	struct drop_mail mail = { .number = 1, .rcpt = "b@" };
	struct office *o = &drop_rig.o;
	struct refusal *l;
	struct err why;
	struct buf b;

	(void)state;
	drop_up(OFFICE);
	drop_frames(&b, mail);
	buf_consume(&b, strlen(DROP_LINE));
	err_set(&why, ERR_PERM, "5.1.3", "the address b@ has no domain");
	l = refusal_new(o->parts.refuse, geteuid(), &why, on_refused, NULL);
	assert_int_equal(refusal_feed(l, &b, &o->e), 0);
	assert_true(refusal_is_busy(l));
	refusal_drop(l);
	office_run(o);
	buf_clear(&b);
	lists("bounce <> to it@contoso.com queued");
	drop_put("bad", mail);
	drop_round();
	assert_int_equal(drop_files(), 0);
	lists("bounce <> to it@contoso.com queued");
	assert_int_equal(number(JOURNALLED), 1);
	/* And so does one that was taken before it was refused. */
	mail.number = 2;
	mail.rcpt = "b@example.com";
	drop_put("good", mail);
	drop_round();
	mail.rcpt = "b@";
	drop_put("good", mail);
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_int_equal(number(JOURNALLED), 1);
	drop_down();
}

/* The file was another when it was first read. */
static void
frames_without_an_envelope_are_told(void **state)
{
	struct err why = { .class = ERR_PERM };
	struct envelope env;
	struct submit_head head = { .version = SUBMIT_VERSION };
	struct refusal *l;
	struct buf b;
	struct frame f;
	ssize_t n;
	size_t i;

	(void)state;
	drop_up(OFFICE);
	for (i = 0; i < 3; i++) {
		envelope_init(&env);
		env.sender = xstrdup("a@example.com");
		envelope_add(&env, "b@");
		buf_init(&b, FRAME_RECV_MAX);
		submit_put_envelope(&b, &head, &env);
		n = frame_parse(buf_data(&b), b.len, &f);
		assert_true(n > 0);
		if (i == 0)
			buf_consume(&b, (size_t)n);
		else
			buf_truncate(&b, 0);
		if (i == 1)
			frame_put_raw(&b, SUBMIT_DATA, "x\r\n", 3);
		submit_put_end(&b, 3);
		l = refusal_new(
		    drop_rig.o.parts.refuse, geteuid(), &why, on_refused, NULL);
		assert_int_equal(refusal_feed(l, &b, &drop_rig.o.e), -1);
		assert_false(refusal_is_busy(l));
		refusal_drop(l);
		buf_clear(&b);
		envelope_clear(&env);
	}
	lists("");
	drop_down();
}

static void
frames_that_changed_are_told(void **state)
{
	struct err why = { .class = ERR_PERM };
	struct refusal *l;
	struct buf b, twice;
	size_t cut;

	(void)state;
	drop_up(OFFICE);
	drop_frames(&b, (struct drop_mail){ .number = 1, .rcpt = "b@" });
	buf_consume(&b, strlen(DROP_LINE));
	buf_init(&twice, 2 * b.len);
	/* Cut anywhere it waits for more; an envelope comes once. */
	for (cut = 0; cut < b.len; cut++) {
		l = refusal_new(
		    drop_rig.o.parts.refuse, geteuid(), &why, on_refused, NULL);
		buf_append(&twice, buf_data(&b), cut);
		assert_int_equal(refusal_feed(l, &twice, &drop_rig.o.e), 0);
		assert_false(refusal_is_busy(l));
		buf_truncate(&twice, 0);
		if (cut == b.len - 1) {
			buf_append(&twice, buf_data(&b), b.len);
			assert_int_equal(
			    refusal_feed(l, &twice, &drop_rig.o.e), -1);
			assert_int_equal(drop_rig.o.e.class, ERR_PERM);
			buf_truncate(&twice, 0);
		}
		refusal_drop(l);
	}
	buf_clear(&twice);
	buf_clear(&b);
	lists("");
	drop_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_before_the_removal_tells_nobody_twice),
		cmocka_unit_test(frames_that_changed_are_told),
		cmocka_unit_test(frames_without_an_envelope_are_told),
	};

	return cmocka_run_group_tests_name("refuse_frames", tests, NULL, NULL);
}
