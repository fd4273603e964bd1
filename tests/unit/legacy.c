/* SPDX-License-Identifier: ISC */
/* By which endpoint mail goes: every event in every state. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/legacy.h"

#define T0     1700000000
#define HOUR   3600
#define EVENTS (LEGACY_OFF_ASKED + 1)

enum state {
	HOME, /* no sign yet */
	SAID_1,
	SAID_2,
	SHOWED_1,
	SHOWED_2,
	AWAY,  /* for an hour, since T0 - 60 */
	ASKED, /* for a day, since T0 - 60 */
	STATES
};

static const struct legacy states[STATES] = {
	[HOME] = { .stay = LEGACY_HOME },
	[SAID_1] = { .sign = LEGACY_SAID_OLD, .signs = 1 },
	[SAID_2] = { .sign = LEGACY_SAID_OLD, .signs = 2 },
	[SHOWED_1] = { .sign = LEGACY_SHOWED_OLD, .signs = 1 },
	[SHOWED_2] = { .sign = LEGACY_SHOWED_OLD, .signs = 2 },
	[AWAY] = { .stay = LEGACY_AWAY, .since = T0 - 60, .for_s = HOUR },
	[ASKED] = { .stay = LEGACY_ASKED,
	    .since = T0 - 60,
	    .for_s = 24 * HOUR },
};

/* What follows: the move, and where the stay, the sign and its count are. */
struct follows {
	enum legacy_move move;
	enum legacy_stay stay;
	enum legacy_event sign;
	unsigned signs;
};
#define NOTHING(stay) \
	{ \
		LEGACY_STAYS, stay, LEGACY_NOTHING, 0 \
	}
#define COUNTS(sign, n) \
	{ \
		LEGACY_STAYS, LEGACY_HOME, sign, n \
	}
#define GOES(stay) \
	{ \
		LEGACY_GOES, stay, LEGACY_NOTHING, 0 \
	}
#define RETURNS \
	{ \
		LEGACY_RETURNS, LEGACY_HOME, LEGACY_NOTHING, 0 \
	}
#define REFUSED \
	{ \
		LEGACY_REFUSED, LEGACY_HOME, LEGACY_SHOWED_OLD, 0 \
	}

/* The endpoint is not proved. */
static const struct follows table[STATES][EVENTS] = {
	[HOME] = {
		[LEGACY_NOTHING] = NOTHING(LEGACY_HOME),
		[LEGACY_SAID_OLD] = COUNTS(LEGACY_SAID_OLD, 1),
		[LEGACY_SHOWED_OLD] = COUNTS(LEGACY_SHOWED_OLD, 1),
		[LEGACY_FAILED] = NOTHING(LEGACY_HOME),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_HOME),
		[LEGACY_NOT_OPTED] = NOTHING(LEGACY_HOME),
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = NOTHING(LEGACY_HOME),
	},
	[SAID_1] = {
		[LEGACY_NOTHING] = COUNTS(LEGACY_SAID_OLD, 1),
		[LEGACY_SAID_OLD] = COUNTS(LEGACY_SAID_OLD, 2),
		[LEGACY_SHOWED_OLD] = COUNTS(LEGACY_SHOWED_OLD, 1),
		[LEGACY_FAILED] = NOTHING(LEGACY_HOME),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_HOME),
		[LEGACY_NOT_OPTED] = NOTHING(LEGACY_HOME),
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = NOTHING(LEGACY_HOME),
	},
	[SAID_2] = {
		[LEGACY_NOTHING] = COUNTS(LEGACY_SAID_OLD, 2),
		[LEGACY_SAID_OLD] = GOES(LEGACY_AWAY),
		[LEGACY_SHOWED_OLD] = COUNTS(LEGACY_SHOWED_OLD, 1),
		[LEGACY_FAILED] = NOTHING(LEGACY_HOME),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_HOME),
		[LEGACY_NOT_OPTED] = NOTHING(LEGACY_HOME),
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = NOTHING(LEGACY_HOME),
	},
	[SHOWED_1] = {
		[LEGACY_NOTHING] = COUNTS(LEGACY_SHOWED_OLD, 1),
		[LEGACY_SAID_OLD] = COUNTS(LEGACY_SAID_OLD, 1),
		[LEGACY_SHOWED_OLD] = COUNTS(LEGACY_SHOWED_OLD, 2),
		[LEGACY_FAILED] = NOTHING(LEGACY_HOME),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_HOME),
		[LEGACY_NOT_OPTED] = NOTHING(LEGACY_HOME),
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = NOTHING(LEGACY_HOME),
	},
	[SHOWED_2] = {
		[LEGACY_NOTHING] = COUNTS(LEGACY_SHOWED_OLD, 2),
		[LEGACY_SAID_OLD] = COUNTS(LEGACY_SAID_OLD, 1),
		[LEGACY_SHOWED_OLD] = GOES(LEGACY_AWAY),
		[LEGACY_FAILED] = NOTHING(LEGACY_HOME),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_HOME),
		[LEGACY_NOT_OPTED] = NOTHING(LEGACY_HOME),
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = NOTHING(LEGACY_HOME),
	},
	[AWAY] = {
		[LEGACY_NOTHING] = NOTHING(LEGACY_AWAY),
		[LEGACY_SAID_OLD] = NOTHING(LEGACY_AWAY),
		[LEGACY_SHOWED_OLD] = NOTHING(LEGACY_AWAY),
		[LEGACY_FAILED] = NOTHING(LEGACY_AWAY),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_AWAY),
		[LEGACY_NOT_OPTED] = RETURNS,
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = RETURNS,
	},
	[ASKED] = {
		[LEGACY_NOTHING] = NOTHING(LEGACY_ASKED),
		[LEGACY_SAID_OLD] = NOTHING(LEGACY_ASKED),
		[LEGACY_SHOWED_OLD] = NOTHING(LEGACY_ASKED),
		[LEGACY_FAILED] = NOTHING(LEGACY_ASKED),
		[LEGACY_WENT_WELL] = NOTHING(LEGACY_ASKED),
		[LEGACY_NOT_OPTED] = RETURNS,
		[LEGACY_ON] = GOES(LEGACY_ASKED),
		[LEGACY_OFF_ASKED] = RETURNS,
	},
};

/* Proved, the second sign is none, and nothing else is different. */
static struct follows
expected(enum state s, enum legacy_event ev, bool is_proved)
{
	static const struct follows refused = REFUSED;

	if (is_proved && ev == LEGACY_SHOWED_OLD && s < AWAY)
		return refused;
	return table[s][ev];
}

static void
judge(enum state s, enum legacy_event ev, bool is_proved)
{
	const struct legacy_facts f = { LEGACY_FALLBACK, is_proved, T0,
		5 * HOUR };
	const struct follows want = expected(s, ev, is_proved);
	struct legacy l = states[s];
	enum legacy_move move;

	l.sessions = 7;
	move = legacy_note(&l, &f, ev);
	if (move != want.move || l.stay != want.stay || l.sign != want.sign ||
	    l.signs != want.signs)
		fail_msg("state %d, event %d, proved %d: move %d, stay %d, "
			 "sign %d, %u",
		    s, ev, is_proved, move, l.stay, l.sign, l.signs);
	assert_int_equal(l.sessions, 7);
	if (move == LEGACY_GOES)
		assert_int_equal(
		    legacy_until(&l), T0 + (ev == LEGACY_ON ? 5 * HOUR : HOUR));
	if (l.stay == LEGACY_HOME)
		assert_int_equal(legacy_until(&l), 0);
}

static void
every_event_in_every_state(void **state)
{
	unsigned s, ev;

	(void)state;
	for (s = 0; s < STATES; s++)
		for (ev = 0; ev < EVENTS; ev++) {
			judge(s, ev, false);
			judge(s, ev, true);
		}
}

static void
no_other_mode_moves(void **state)
{
	static const enum legacy_mode modes[] = { LEGACY_OFF, LEGACY_ALWAYS };
	unsigned m, s, ev;

	(void)state;
	for (m = 0; m < 2; m++)
		for (s = 0; s < STATES; s++)
			for (ev = 0; ev < EVENTS; ev++) {
				const struct legacy_facts f = { modes[m], false,
					T0, HOUR };
				struct legacy l = states[s];

				assert_int_equal(
				    legacy_note(&l, &f, ev), LEGACY_STAYS);
				assert_memory_equal(&l, &states[s], sizeof(l));
				assert_int_equal(
				    legacy_is_away(&l, modes[m], T0),
				    modes[m] == LEGACY_ALWAYS);
			}
}

static void
a_stay_is_over_to_the_second(void **state)
{
	struct legacy l = states[AWAY];
	const int64_t end = T0 - 60 + HOUR;

	(void)state;
	assert_int_equal(legacy_until(&l), end);
	assert_true(legacy_is_away(&l, LEGACY_FALLBACK, end - 1));
	assert_false(legacy_expire(&l, end - 1));
	assert_false(legacy_is_away(&l, LEGACY_FALLBACK, end));
	assert_true(legacy_expire(&l, end));
	assert_int_equal(l.stay, LEGACY_HOME);
	assert_false(legacy_expire(&l, end + 1));
	assert_false(legacy_is_away(&l, LEGACY_FALLBACK, end - 1));
}

static void
a_clock_that_was_ahead_lengthens_nothing(void **state)
{
	struct legacy l = states[AWAY];

	(void)state;
	l.since = T0 + 365 * 86400;
	legacy_bound(&l, LEGACY_FALLBACK, T0);
	assert_int_equal(legacy_until(&l), T0 + HOUR);
	/* One that is right leaves it alone. */
	l = states[AWAY];
	legacy_bound(&l, LEGACY_FALLBACK, T0);
	assert_int_equal(legacy_until(&l), T0 - 60 + HOUR);
	legacy_move_times(&l, -86400);
	assert_int_equal(legacy_until(&l), T0 - 60 + HOUR - 86400);
	l = states[HOME];
	legacy_move_times(&l, 86400);
	assert_int_equal(legacy_until(&l), 0);
}

static void
another_configuration_forgets_the_stay(void **state)
{
	struct legacy l = states[ASKED];

	(void)state;
	l.sessions = 3;
	legacy_bound(&l, LEGACY_OFF, T0);
	assert_int_equal(l.stay, LEGACY_HOME);
	assert_int_equal(l.sessions, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state),
		cmocka_unit_test(no_other_mode_moves),
		cmocka_unit_test(a_stay_is_over_to_the_second),
		cmocka_unit_test(a_clock_that_was_ahead_lengthens_nothing),
		cmocka_unit_test(another_configuration_forgets_the_stay),
	};

	return cmocka_run_group_tests_name("legacy", tests, NULL, NULL);
}
