/* SPDX-License-Identifier: ISC */
/* Who is shut out, for how long, and whom that leaves alone. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/guesses.h"

#define START (INT64_C(1000000) * 1000)

static struct network
client(unsigned i)
{
	struct network n;

	memset(&n, 0, sizeof(n));
	n.family = 2;
	n.bits = 32;
	memcpy(n.address, &i, sizeof(i));
	return n;
}

/* How many are news, of so many guesses a step apart. */
static unsigned
guess(struct guesses *g, unsigned who, unsigned n, int64_t at, int64_t step)
{
	struct network c = client(who);
	unsigned i, news = 0;

	for (i = 0; i < n; i++)
		news += guesses_note(g, &c, at + i * step);
	return news;
}

static bool
is_out(const struct guesses *g, unsigned who, int64_t now)
{
	struct network c = client(who);

	return guesses_left(g, &c, now) == 0;
}

static void
ten_are_too_many(void **state)
{
	struct guesses *g = guesses_new();

	(void)state;
	assert_false(is_out(g, 1, START));
	assert_int_equal(guess(g, 1, GUESSES_MAX - 1, START, 1000), 0);
	assert_false(is_out(g, 1, START + 9000));
	assert_int_equal(guess(g, 1, 1, START + 9000, 0), 1);
	assert_true(is_out(g, 1, START + 9000));
	assert_false(is_out(g, 2, START + 9000));
	/* until the first of them is old */
	assert_true(is_out(g, 1, START + GUESSES_WINDOW_MS - 1));
	assert_false(is_out(g, 1, START + GUESSES_WINDOW_MS));
	guesses_free(g);
}

/* A device with an old password tries on for ever: a word an hour. */
static void
one_word_of_it(void **state)
{
	struct guesses *g = guesses_new();
	int64_t now = START;
	unsigned i, news;

	(void)state;
	news = guess(g, 1, GUESSES_MAX, now, 1000);
	for (i = 0; i < 1000; i++) {
		now += 10 * 1000;
		if (!is_out(g, 1, now))
			news += guess(g, 1, 1, now, 0);
	}
	assert_int_equal(news, 1 + 10000 / 3600);
	now += GUESSES_TOLD_MS;
	assert_int_equal(guess(g, 1, GUESSES_MAX, now, 1), 1);
	for (i = 0; i < 2; i++) {
		now = START + GUESSES_TOLD_MS - i;
		assert_int_equal(guess(g, 7 + i, GUESSES_MAX, START, 0), 1);
		assert_int_equal(guess(g, 7 + i, GUESSES_MAX, now, 0), 1 - i);
	}
	guesses_free(g);
}

/* Slow ones never add up. */
static void
who_errs_now_and_then(void **state)
{
	struct guesses *g = guesses_new();
	int64_t step = GUESSES_WINDOW_MS / (GUESSES_MAX - 1) + 1;

	(void)state;
	assert_int_equal(guess(g, 1, 100, START, step), 0);
	assert_false(is_out(g, 1, START + 99 * step));
	guesses_free(g);
}

static void
memory_is_bounded(void **state)
{
	struct guesses *g = guesses_new();
	unsigned i;

	(void)state;
	guess(g, 1, GUESSES_MAX, START, 0);
	for (i = 2; i < GUESSES_CLIENTS + 1; i++)
		guess(g, i, 1, START + 1, 0);
	assert_int_equal(guesses_clients(g), GUESSES_CLIENTS);
	assert_true(is_out(g, 1, START + 1));
	guess(g, 5000, 1, START + 2, 0);
	assert_int_equal(guesses_clients(g), GUESSES_CLIENTS);
	/* the one that was quiet for longest made room */
	assert_false(is_out(g, 1, START + 2));
	guesses_free(g);
}

static void
refusals_take_longer(void **state)
{
	struct guesses *g = guesses_new();
	unsigned i;

	(void)state;
	assert_int_equal(guesses_delay(g, START), GUESSES_DELAY_MS);
	for (i = 0; i < 10; i++)
		guess(g, i, 1, START, 0);
	assert_int_equal(guesses_delay(g, START), GUESSES_DELAY_MS);
	guess(g, 10, 1, START, 0);
	assert_int_equal(guesses_delay(g, START), 2 * GUESSES_DELAY_MS);
	for (i = 0; i < 1000; i++)
		guess(g, i, 1, START, 0);
	assert_int_equal(guesses_delay(g, START),
	    GUESSES_DELAY_MAX * (int64_t)GUESSES_DELAY_MS);
	assert_int_equal(
	    guesses_delay(g, START + GUESSES_WINDOW_MS), GUESSES_DELAY_MS);
	guesses_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_are_too_many),
		cmocka_unit_test(one_word_of_it),
		cmocka_unit_test(who_errs_now_and_then),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(refusals_take_longer),
	};

	return cmocka_run_group_tests_name("guesses", tests, NULL, NULL);
}
