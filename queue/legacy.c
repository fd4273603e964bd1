/* SPDX-License-Identifier: ISC */
/* By which endpoint an account sends.  No I/O, no clock. */
#include "config.h"

#include <string.h>

#include "queue/legacy.h"
#include "queue/schedule.h"

/* The count of sessions is of all time. */
static void
go(struct legacy *l, enum legacy_stay stay, int64_t now, int64_t for_s)
{
	l->stay = stay;
	l->since = stay == LEGACY_HOME ? 0 : now;
	l->for_s = stay == LEGACY_HOME ? 0 : for_s;
	l->sign = LEGACY_NOTHING;
	l->signs = 0;
}

static enum legacy_move
come_home(struct legacy *l, int64_t now)
{
	bool was_away = l->stay != LEGACY_HOME;

	go(l, LEGACY_HOME, now, 0);
	return was_away ? LEGACY_RETURNS : LEGACY_STAYS;
}

/* Signs of one kind in a row. */
static enum legacy_move
count(struct legacy *l, const struct legacy_facts *f, enum legacy_event sign)
{
	l->signs = l->sign == sign ? l->signs + 1 : 1;
	l->sign = sign;
	if (sign == LEGACY_SHOWED_OLD && f->is_proved) {
		/* However often: it is never a reason. */
		l->signs = 0;
		return LEGACY_REFUSED;
	}
	if (l->signs < LEGACY_SIGNS)
		return LEGACY_STAYS;
	go(l, LEGACY_AWAY, f->now, LEGACY_STAY_S);
	return LEGACY_GOES;
}

enum legacy_move
legacy_note(
    struct legacy *l, const struct legacy_facts *f, enum legacy_event ev)
{
	if (f->mode != LEGACY_FALLBACK)
		return LEGACY_STAYS;
	switch (ev) {
	case LEGACY_NOTHING:
		return LEGACY_STAYS;
	case LEGACY_SAID_OLD:
	case LEGACY_SHOWED_OLD:
		/* What was under way at home when it left counts no more. */
		return l->stay == LEGACY_HOME ? count(l, f, ev) : LEGACY_STAYS;
	case LEGACY_FAILED:
	case LEGACY_WENT_WELL:
		l->sign = LEGACY_NOTHING;
		l->signs = 0;
		return LEGACY_STAYS;
	case LEGACY_NOT_OPTED:
	case LEGACY_OFF_ASKED:
		return come_home(l, f->now);
	case LEGACY_ON:
		go(l, LEGACY_ASKED, f->now, f->for_s);
		return LEGACY_GOES;
	}
	return LEGACY_STAYS;
}

int64_t
legacy_until(const struct legacy *l)
{
	return l->stay == LEGACY_HOME ? 0 : l->since + l->for_s;
}

bool
legacy_is_away(const struct legacy *l, enum legacy_mode mode, int64_t now)
{
	switch (mode) {
	case LEGACY_OFF:
		return false;
	case LEGACY_ALWAYS:
		return true;
	case LEGACY_FALLBACK:
		break;
	}
	return l->stay != LEGACY_HOME && now < legacy_until(l);
}

bool
legacy_expire(struct legacy *l, int64_t now)
{
	if (l->stay == LEGACY_HOME || now < legacy_until(l))
		return false;
	go(l, LEGACY_HOME, now, 0);
	return true;
}

void
legacy_bound(struct legacy *l, enum legacy_mode mode, int64_t now)
{
	if (mode != LEGACY_FALLBACK)
		go(l, LEGACY_HOME, now, 0);
	l->since = schedule_past(l->since, now);
}

void
legacy_move_times(struct legacy *l, int64_t by_s)
{
	if (l->stay != LEGACY_HOME)
		l->since += by_s;
}
