/* SPDX-License-Identifier: ISC */
/*
 * Budgets over sliding windows: no window of account.rate's length, and none
 * of 24 hours, wherever one lays it, holds more than is allowed, whenever
 * between the begin and the end of a message the server counted it.
 *
 * The clock tells seconds only.  What was sent in second a may have left as
 * late as a + 1, so it counts in a window of w seconds until a + w + 1.
 *
 * Each window keeps what was sent in a ring of entries, oldest first, and
 * their sums.  Memory is bounded by the grain: what was sent within one grain
 * of a long window shares an entry, and leaves with the latest of it.  That
 * errs by waiting longer, by a minute in a day.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "common/xalloc.h"
#include "queue/schedule.h"

#define DAY_S  (24 * 60 * 60)
#define GRAINS 1440 /* entries in a full window, but for the last */

struct entry {
	int64_t first, last; /* seconds */
	uint64_t messages, recipients;
};

struct window {
	int64_t length_s, grain_s;
	struct entry *v; /* the ring; room is a power of two, or 0 */
	size_t room, start, n;
	uint64_t messages, recipients;
};

struct budget {
	struct rate rate;
	uint64_t recipients_per_day;
	struct window window, day;
	struct window minute; /* for status, whatever the rate's window */
	/* begun, and not over */
	uint64_t flying, flying_rcpts;
	int64_t begun_at; /* the last of them */
};

static struct entry *
entry_at(const struct window *w, size_t i)
{
	assert(i < w->n);
	return &w->v[(w->start + i) & (w->room - 1)];
}

/* w is all zero. */
static void
window_init(struct window *w, int64_t length_s)
{
	w->length_s = length_s;
	w->grain_s = length_s < GRAINS ? 1 : length_s / GRAINS;
}

struct budget *
budget_new(struct rate rate, uint64_t recipients_per_day)
{
	struct budget *b = xcalloc(1, sizeof(*b));

	b->rate = rate;
	b->recipients_per_day = recipients_per_day;
	window_init(&b->window, rate.per_s);
	window_init(&b->day, DAY_S);
	window_init(&b->minute, 60);
	return b;
}

void
budget_free(struct budget *b)
{
	if (b == NULL)
		return;
	free(b->window.v);
	free(b->day.v);
	free(b->minute.v);
	free(b);
}

/* When an entry no longer counts. */
static int64_t
entry_end(const struct window *w, const struct entry *entry)
{
	return entry->last + w->length_s + 1;
}

/* Lets the window end at now. */
static void
window_move(struct window *w, int64_t now)
{
	struct entry *entry;
	size_t i;

	/* The clock was set back: what is later than now counts as now. */
	for (i = w->n; i > 0 && entry_at(w, i - 1)->last > now; i--) {
		entry = entry_at(w, i - 1);
		entry->last = now;
		if (entry->first > now)
			entry->first = now;
	}
	while (w->n > 0 && entry_end(w, entry_at(w, 0)) <= now) {
		entry = entry_at(w, 0);
		w->messages -= entry->messages;
		w->recipients -= entry->recipients;
		w->start = (w->start + 1) & (w->room - 1);
		w->n--;
	}
}

static void
window_grow(struct window *w)
{
	size_t room = w->room == 0 ? 16 : w->room * 2;
	struct entry *v = xreallocarray(NULL, room, sizeof(*v));
	size_t i;

	for (i = 0; i < w->n; i++)
		v[i] = *entry_at(w, i);
	free(w->v);
	w->v = v;
	w->room = room;
	w->start = 0;
}

static void
window_note(
    struct window *w, int64_t at, unsigned messages, unsigned recipients)
{
	struct entry *entry;

	window_move(w, at);
	if (w->n == 0 || at - entry_at(w, w->n - 1)->first >= w->grain_s) {
		if (w->n == w->room)
			window_grow(w);
		entry = entry_at(w, w->n++);
		*entry = (struct entry){ at, at, 0, 0 };
	}
	entry = entry_at(w, w->n - 1);
	entry->last = at;
	entry->messages += messages;
	entry->recipients += recipients;
	w->messages += messages;
	w->recipients += recipients;
}

void
budget_note(
    struct budget *b, int64_t at, unsigned messages, unsigned recipients)
{
	if (b->rate.count > 0)
		window_note(&b->window, at, messages, recipients);
	window_note(&b->day, at, messages, recipients);
	window_note(&b->minute, at, messages, recipients);
}

void
budget_begin(struct budget *b, int64_t at, unsigned recipients)
{
	b->flying++;
	b->flying_rcpts += recipients;
	b->begun_at = at;
}

void
budget_end(struct budget *b, int64_t at, unsigned recipients)
{
	assert(b->flying > 0 && b->flying_rcpts >= recipients);
	b->flying--;
	b->flying_rcpts -= recipients;
	budget_note(b, at, 1, recipients);
}

/* When so much will have left that the sum is at most "most"; 0: it is. */
static int64_t
messages_below(const struct window *w, uint64_t most)
{
	uint64_t sum = w->messages;
	int64_t at = 0;
	size_t i;

	for (i = 0; sum > most; i++) {
		sum -= entry_at(w, i)->messages;
		at = entry_end(w, entry_at(w, i));
	}
	return at;
}

static int64_t
recipients_below(const struct window *w, uint64_t most)
{
	uint64_t sum = w->recipients;
	int64_t at = 0;
	size_t i;

	for (i = 0; sum > most; i++) {
		sum -= entry_at(w, i)->recipients;
		at = entry_end(w, entry_at(w, i));
	}
	return at;
}

/* As if what is under way were over now: it is not known to be sooner. */
static int64_t
unless_flying(const struct window *w, int64_t now, bool fits, int64_t at)
{
	return fits ? at : now + w->length_s + 1;
}

int64_t
budget_next(struct budget *b, int64_t now, unsigned recipients)
{
	uint64_t most, flying = b->flying;
	int64_t at = 0, day_at = 0;

	window_move(&b->window, now);
	window_move(&b->day, now);
	if (b->rate.count > 0) {
		most = b->rate.count - 1;
		at = unless_flying(&b->window, now, flying <= most,
		    messages_below(
			&b->window, flying <= most ? most - flying : most));
	}
	/* More than a whole day's worth goes when the day is empty. */
	if (b->recipients_per_day > 0) {
		most = recipients < b->recipients_per_day
			   ? b->recipients_per_day - recipients
			   : 0;
		flying = b->flying_rcpts;
		day_at = unless_flying(&b->day, now, flying <= most,
		    recipients_below(
			&b->day, flying <= most ? most - flying : most));
	}
	return day_at > at ? day_at : at;
}

/* When the window has room for one more and for those before it; not before now
 */
static int64_t
expect(const struct window *w, uint64_t most, uint64_t before, int64_t now,
    int64_t (*below)(const struct window *w, uint64_t most))
{
	int64_t at = below(w, most - before - 1);

	return at > now ? at : now;
}

/* Each waits for the one that goes count before it, to leave the window. */
static int64_t
expect_by_rate(struct budget *b, int64_t now, uint64_t before)
{
	uint64_t count = b->rate.count;

	if (count == 0)
		return now;
	window_move(&b->window, now);
	return expect(&b->window, count, before % count, now, messages_below) +
	       (int64_t)(before / count) * (b->window.length_s + 1);
}

int64_t
budget_expect(struct budget *b, int64_t now, uint64_t before)
{
	uint64_t most = b->recipients_per_day;
	int64_t at, today, day_at;

	/* What is under way goes before it, too. */
	before += b->flying;
	at = expect_by_rate(b, now, before);
	if (most == 0)
		return at;
	window_move(&b->day, now);
	today = expect_by_rate(b, now, before % most);
	day_at = expect(&b->day, most, before % most, now, recipients_below);
	day_at = (day_at > today ? day_at : today) +
		 (int64_t)(before / most) * (b->day.length_s + 1);
	return day_at > at ? day_at : at;
}

uint64_t
budget_rcpts_left(struct budget *b, int64_t now)
{
	uint64_t spent;

	if (b->recipients_per_day == 0)
		return UINT64_MAX;
	window_move(&b->day, now);
	spent = b->day.recipients + b->flying_rcpts;
	return spent < b->recipients_per_day ? b->recipients_per_day - spent
					     : 0;
}

uint64_t
budget_rcpts_at(const struct budget *b, int64_t at)
{
	const struct window *w = &b->day;
	uint64_t sum = b->flying_rcpts;
	size_t i;

	/* From the latest on: those before one that has left have left, too. */
	for (i = w->n; i > 0 && entry_end(w, entry_at(w, i - 1)) > at; i--)
		sum += entry_at(w, i - 1)->recipients;
	return sum;
}

int64_t
budget_last(const struct budget *b)
{
	const struct window *w = &b->day;

	if (b->flying > 0)
		return b->begun_at;
	return w->n == 0 ? 0 : entry_at(w, w->n - 1)->last;
}

void
budget_used(struct budget *b, int64_t now, uint64_t *minute_messages,
    uint64_t *day_messages, uint64_t *day_recipients)
{
	window_move(&b->minute, now);
	window_move(&b->day, now);
	*minute_messages = b->minute.messages + b->flying;
	*day_messages = b->day.messages + b->flying;
	*day_recipients = b->day.recipients + b->flying_rcpts;
}

uint64_t
budget_in_window(struct budget *b, int64_t now)
{
	struct window *w = b->rate.count > 0 ? &b->window : &b->minute;

	window_move(w, now);
	return w->messages + b->flying;
}

static void
window_shift(struct window *w, int64_t delta_s)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		entry_at(w, i)->first += delta_s;
		entry_at(w, i)->last += delta_s;
	}
}

void
budget_shift(struct budget *b, int64_t delta_s)
{
	b->begun_at += delta_s;
	window_shift(&b->window, delta_s);
	window_shift(&b->day, delta_s);
	window_shift(&b->minute, delta_s);
}
