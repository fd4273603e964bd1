/* SPDX-License-Identifier: ISC */
/* Which host of an account is next, over a clock of the test's. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/hosts.h"

#define T0 1700000000

static struct hosts_failure
at(int64_t now, const char *text)
{
	struct hosts_failure f = { .now = now,
		.min_s = 16,
		.max_s = 60,
		.rnd = UINT32_MAX,
		.text = text };

	return f;
}

static bool
fails(struct hosts *h, size_t i, int64_t now)
{
	struct hosts_failure f = at(now, "x");

	return hosts_failed(h, i, &f);
}

static void
the_first_that_does_not_back_off(void **state)
{
	struct hosts h;

	(void)state;
	hosts_init(&h, 3);
	assert_int_equal(hosts_first(&h, T0), 0);
	assert_true(fails(&h, 0, T0));
	assert_int_equal(hosts_first(&h, T0), 1);
	assert_true(fails(&h, 1, T0 + 1));
	assert_int_equal(hosts_first(&h, T0 + 1), 2);
	/* Back to the first as soon as its time is over. */
	assert_int_equal(hosts_first(&h, T0 + 15), 2);
	assert_int_equal(hosts_first(&h, T0 + 16), 0);
	/* All back off: the one that may soonest. */
	assert_true(fails(&h, 2, T0 + 2));
	assert_int_equal(hosts_first(&h, T0 + 3), 0);
	assert_true(fails(&h, 0, T0 + 16));
	assert_int_equal(hosts_first(&h, T0 + 16), 1);
	hosts_clear(&h);
}

static void
longer_each_time_until_it_is_well(void **state)
{
	static const int64_t delays[] = { 16, 32, 60, 60 };
	int64_t now = T0;
	struct hosts h;
	size_t i;

	(void)state;
	hosts_init(&h, 2);
	for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		assert_true(fails(&h, 0, now));
		/* Side by side is once. */
		assert_false(fails(&h, 0, now));
		assert_int_equal(hosts_first(&h, now + delays[i] - 1), 1);
		assert_int_equal(hosts_first(&h, now + delays[i]), 0);
		now += delays[i];
	}
	hosts_succeeded(&h, 0);
	assert_int_equal(hosts_first(&h, now), 0);
	assert_true(fails(&h, 0, now));
	assert_int_equal(hosts_first(&h, now + 16), 0);
	hosts_clear(&h);
}

static void
a_wait_that_the_server_asks_for(void **state)
{
	struct hosts_failure f = at(T0, "x");
	struct hosts h;

	(void)state;
	hosts_init(&h, 2);
	f.wait_s = 300;
	assert_true(hosts_failed(&h, 0, &f));
	assert_int_equal(hosts_first(&h, T0 + 299), 1);
	assert_int_equal(hosts_first(&h, T0 + 300), 0);
	hosts_clear(&h);
}

static void
all_fail_when_none_took_mail_since(void **state)
{
	struct hosts h;

	(void)state;
	hosts_init(&h, 2);
	assert_false(hosts_all_failing(&h));
	fails(&h, 0, T0);
	assert_false(hosts_all_failing(&h));
	fails(&h, 1, T0);
	assert_true(hosts_all_failing(&h));
	/* That the time is over does not make it well. */
	assert_int_equal(hosts_first(&h, T0 + 1000), 0);
	assert_true(hosts_all_failing(&h));
	hosts_succeeded(&h, 1);
	assert_false(hosts_all_failing(&h));
	fails(&h, 1, T0 + 1000);
	hosts_forget(&h);
	assert_false(hosts_all_failing(&h));
	assert_int_equal(hosts_first(&h, T0), 0);
	hosts_clear(&h);
}

static void
what_each_said(void **state)
{
	struct hosts_failure f;
	char text[ERR_TEXT_MAX], longest[ERR_TEXT_MAX];
	struct hosts h;

	(void)state;
	hosts_init(&h, 3);
	hosts_tell(&h, text);
	assert_string_equal(text, "");
	f = at(T0, "b: 421 no");
	hosts_failed(&h, 1, &f);
	f.text = "a: gone";
	hosts_failed(&h, 0, &f);
	f.text = "";
	hosts_failed(&h, 2, &f);
	hosts_tell(&h, text);
	assert_string_equal(text, "a: gone; b: 421 no");
	hosts_succeeded(&h, 0);
	hosts_tell(&h, text);
	assert_string_equal(text, "b: 421 no");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	f.text = longest;
	hosts_failed(&h, 0, &f);
	hosts_tell(&h, text);
	assert_string_equal(text, longest);
	hosts_clear(&h);
}

/* A number from the wire, and an account without hosts. */
static void
numbers_out_of_range(void **state)
{
	struct hosts h;

	(void)state;
	hosts_init(&h, 1);
	assert_false(fails(&h, 1, T0));
	assert_false(fails(&h, SIZE_MAX, T0));
	hosts_succeeded(&h, 7);
	assert_false(hosts_all_failing(&h));
	hosts_clear(&h);
	hosts_init(&h, 0);
	assert_int_equal(hosts_first(&h, T0), 0);
	hosts_clear(&h);
}

static void
the_clock_is_set(void **state)
{
	struct hosts h;

	(void)state;
	hosts_init(&h, 2);
	fails(&h, 0, T0);
	hosts_move_times(&h, -100000);
	assert_int_equal(hosts_first(&h, T0 - 100000 + 15), 1);
	assert_int_equal(hosts_first(&h, T0 - 100000 + 16), 0);
	hosts_clear(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_does_not_back_off),
		cmocka_unit_test(longer_each_time_until_it_is_well),
		cmocka_unit_test(a_wait_that_the_server_asks_for),
		cmocka_unit_test(all_fail_when_none_took_mail_since),
		cmocka_unit_test(what_each_said),
		cmocka_unit_test(numbers_out_of_range),
		cmocka_unit_test(the_clock_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
