/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/limits.h"

static void
refused(const struct limits *l, uid_t uid, uint64_t octets, const char *option)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(limits_check(l, uid, octets, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, option));
}

static void
taken(const struct limits *l, uid_t uid, uint64_t octets)
{
	assert_int_equal(limits_check(l, uid, octets, NULL), 0);
}

static void
messages_are_counted_by_uid(void **state)
{
	struct limits *l = limits_new(3, 1000);

	(void)state;
	limits_add(l, 1000, 2, 0);
	taken(l, 1000, 10);
	limits_add(l, 1000, 1, 0);
	refused(l, 1000, 10, "queue.uid_messages");
	taken(l, 1001, 10);
	taken(l, 999, 10);
	limits_remove(l, 1000, 1, 0);
	taken(l, 1000, 10);
	limits_free(l);
}

static void
octets_are_counted_by_uid(void **state)
{
	struct limits *l = limits_new(100, 1000);

	(void)state;
	taken(l, 5, 1000);
	refused(l, 5, 1001, "queue.uid_bytes");
	refused(l, 5, UINT64_MAX, "queue.uid_bytes");
	limits_add(l, 5, 1, 400);
	taken(l, 5, 600);
	refused(l, 5, 601, "queue.uid_bytes");
	limits_remove(l, 5, 1, 400);
	taken(l, 5, 1000);
	limits_free(l);
}

static void
root_has_no_limit(void **state)
{
	struct limits *l = limits_new(0, 0);

	(void)state;
	limits_add(l, 0, 10, 1 << 30);
	taken(l, 0, UINT64_MAX);
	refused(l, 1, 1, "queue.uid_messages");
	limits_free(l);
}

static void
limits_change_under_mail_that_waits(void **state)
{
	struct limits *l = limits_new(10, 1000);

	(void)state;
	limits_load(l, 7, 5, 900);
	taken(l, 7, 100);
	limits_change(l, 4, 500);
	refused(l, 7, 0, "queue.uid_messages");
	limits_change(l, 10, 500);
	refused(l, 7, 0, "queue.uid_bytes");
	limits_change(l, 10, 1000);
	taken(l, 7, 100);
	limits_free(l);
	limits_free(NULL);
}

/* Many uids, coming and going in an order that is none. */
static void
uids_do_not_mix(void **state)
{
	struct limits *l = limits_new(1000, 1 << 30);
	uid_t uid;
	unsigned i;

	(void)state;
	for (i = 0; i < 997; i++) {
		uid = 1 + i * 389 % 997;
		limits_add(l, uid, uid, uid * 2);
	}
	for (i = 0; i < 997; i += 2) {
		uid = 1 + i * 521 % 997;
		limits_remove(l, uid, uid, uid * 2);
	}
	limits_change(l, 1, 1 << 30);
	for (i = 0; i < 997; i++) {
		uid = 1 + i * 521 % 997;
		if (i % 2 == 0)
			taken(l, uid, 1);
		else
			refused(l, uid, 1, "queue.uid_messages");
	}
	limits_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_counted_by_uid),
		cmocka_unit_test(octets_are_counted_by_uid),
		cmocka_unit_test(root_has_no_limit),
		cmocka_unit_test(limits_change_under_mail_that_waits),
		cmocka_unit_test(uids_do_not_mix),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
