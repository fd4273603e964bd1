/* SPDX-License-Identifier: ISC */
/* How long a client is waited for, by a clock that is passed in. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtpd/patience.h"

#define T0 INT64_C(1000000000)

static const struct patience sample = { 1000, 30000, 100000, 5000, 100, 0, 0 };

static void
between_messages(void **state)
{
	(void)state;
	assert_int_equal(patience_between(&sample, T0), T0 + 30000);
	assert_int_equal(patience_between(&patience_local, T0), INT64_MAX);
	assert_true(patience_between(&patience_public, T0) < INT64_MAX);
}

static void
a_text_has_to_get_on(void **state)
{
	(void)state;
	/* from its first octet on there is some time; */
	assert_int_equal(patience_text(&sample, T0, 0), T0 + 5000);
	/* what came early is kept in favour; */
	assert_int_equal(patience_text(&sample, T0, 100), T0 + 6000);
	assert_int_equal(patience_text(&sample, T0, 5050), T0 + 55500);
	/* and there is an end of it, however much has come */
	assert_int_equal(patience_text(&sample, T0, 9500), T0 + 100000);
	assert_int_equal(patience_text(&sample, T0, 9999), T0 + 100000);
	assert_int_equal(patience_text(&sample, T0, UINT64_MAX), T0 + 100000);
	/* a person may think for as long as there is time */
	assert_int_equal(
	    patience_text(&patience_local, T0, 0), T0 + patience_local.text_ms);
}

/*
 * When each of these comes at its slowest: how long can a client hold a place
 * with one text, giving an octet whenever it has to?
 */
static void
a_slow_loris_holds_a_place_for_so_long(void **state)
{
	const struct patience *all[] = { &patience_public, &patience_crowded };
	int64_t now, end;
	uint64_t octets;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		now = T0;
		octets = 0;
		/* an octet every second */
		while (now < patience_text(all[i], T0, octets)) {
			now += 1000;
			octets++;
			assert_true(now - T0 < all[i]->text_ms);
		}
		/* is over soon behind the start */
		end = all[i]->start_ms + all[i]->start_ms / 50;
		assert_true(now - T0 <= end);
	}
}

/* Who was refused is heard out, and no longer than that makes sense. */
static void
what_was_refused_has_an_end(void **state)
{
	static const struct patience p = { 1, 1, 1, 1, 1, 3000, 500 };
	static const struct patience octets = { .refused_max = 500 };
	static const struct patience time = { .refused_ms = 3000 };

	(void)state;
	assert_true(patience_reads_on(&p, 0, 0));
	assert_true(patience_reads_on(&p, 2999, 499));
	assert_false(patience_reads_on(&p, 3000, 0));
	assert_false(patience_reads_on(&p, 0, 500));
	assert_true(patience_reads_on(&octets, INT64_MAX, 499));
	assert_true(patience_reads_on(&time, 2999, UINT64_MAX));
	/* a program of this host keeps no place from anybody */
	assert_true(patience_reads_on(&patience_local, INT64_MAX, UINT64_MAX));
	/* sooner than one that was accepted */
	assert_false(patience_reads_on(
	    &patience_public, patience_public.text_ms / 10, 0));
	assert_false(patience_reads_on(
	    &patience_crowded, patience_crowded.text_ms / 10, 0));
	assert_false(patience_reads_on(&patience_public, 0, UINT64_C(1) << 32));
	assert_false(
	    patience_reads_on(&patience_crowded, 0, UINT64_C(1) << 32));
	/* twice what Exchange Online takes, and more */
	assert_true(patience_reads_on(&patience_public, 0, 50000000));
}

static void
where_places_are_short_all_is_shorter(void **state)
{
	const struct patience *a = &patience_public, *b = &patience_crowded;

	(void)state;
	assert_true(b->command_ms < a->command_ms);
	assert_true(b->between_ms < a->between_ms);
	assert_true(b->text_ms < a->text_ms);
	assert_true(b->start_ms < a->start_ms);
	assert_true(b->rate > a->rate);
	assert_true(b->refused_ms < a->refused_ms);
	assert_true(b->refused_max < a->refused_max);
	/* RFC 5321 4.5.3.2.7 */
	assert_true(a->command_ms >= 5 * 60 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_messages),
		cmocka_unit_test(a_text_has_to_get_on),
		cmocka_unit_test(a_slow_loris_holds_a_place_for_so_long),
		cmocka_unit_test(what_was_refused_has_an_end),
		cmocka_unit_test(where_places_are_short_all_is_shorter),
	};

	return cmocka_run_group_tests_name("smtpd_patience", tests, NULL, NULL);
}
