/* SPDX-License-Identifier: ISC */
/*
 * Usage by submitter: a sorted array, since a host has few with mail waiting
 * and every submission looks one up.  One whose mail is all gone leaves it.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/limits.h"
#include "queue/submitter.h"

struct usage {
	uint64_t who;
	uint64_t messages, octets;
};

struct limits {
	uint64_t uid_messages, uid_bytes;
	struct usage *v;
	size_t n, room;
};

struct limits *
limits_new(uint64_t uid_messages, uint64_t uid_bytes)
{
	struct limits *l = xcalloc(1, sizeof(*l));

	limits_change(l, uid_messages, uid_bytes);
	return l;
}

void
limits_free(struct limits *l)
{
	if (l == NULL)
		return;
	free(l->v);
	free(l);
}

void
limits_change(struct limits *l, uint64_t uid_messages, uint64_t uid_bytes)
{
	l->uid_messages = uid_messages;
	l->uid_bytes = uid_bytes;
}

/* His place, or where it would stand. */
static size_t
place(const struct limits *l, uint64_t who)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (l->v[mid].who < who)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct usage *
find(const struct limits *l, uint64_t who)
{
	size_t i = place(l, who);

	return i < l->n && l->v[i].who == who ? &l->v[i] : NULL;
}

void
limits_add(struct limits *l, uint64_t who, uint64_t messages, uint64_t octets)
{
	struct usage *u = find(l, who);
	size_t i;

	if (u == NULL) {
		if (l->n == l->room) {
			l->room = l->room == 0 ? 16 : l->room * 2;
			l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
		}
		i = place(l, who);
		u = &l->v[i];
		memmove(u + 1, u, (l->n - i) * sizeof(*u));
		*u = (struct usage){ who, 0, 0 };
		l->n++;
	}
	u->messages += messages;
	u->octets += octets;
}

void
limits_load(void *arg, uint64_t who, uint64_t messages, uint64_t octets)
{
	limits_add(arg, who, messages, octets);
}

void
limits_remove(
    struct limits *l, uint64_t who, uint64_t messages, uint64_t octets)
{
	struct usage *u = find(l, who);

	assert(u != NULL && u->messages >= messages && u->octets >= octets);
	u->messages -= messages;
	u->octets -= octets;
	if (u->messages > 0)
		return;
	l->n--;
	memmove(u, u + 1, (size_t)(l->v + l->n - u) * sizeof(*u));
}

/* "user id 1000", "this device" */
static const char *
name_of(uint64_t who, char *to, size_t size)
{
	if (submitter_device(who) != DEVICE_NONE)
		return "this device";
	snprintf(to, size, "user id %u", (unsigned)submitter_uid(who));
	return to;
}

int
limits_check(
    const struct limits *l, uint64_t who, uint64_t octets, struct err *e)
{
	static const struct usage none = { 0, 0, 0 };
	const struct usage *u = find(l, who);
	char name[sizeof("user id 4294967295")];

	if (who == 0)
		return 0;
	if (u == NULL)
		u = &none;
	if (u->messages >= l->uid_messages)
		return err_set(e, ERR_TEMP, "4.5.3",
		    "%s has %llu messages waiting, as many as "
		    "queue.uid_messages allows; try again when some have gone",
		    name_of(who, name, sizeof(name)),
		    (unsigned long long)u->messages);
	if (octets > l->uid_bytes || u->octets > l->uid_bytes - octets)
		return err_set(e, ERR_TEMP, "4.5.3",
		    "%s has %llu octets of mail waiting, and %llu more "
		    "would pass queue.uid_bytes; try again when some have gone",
		    name_of(who, name, sizeof(name)),
		    (unsigned long long)u->octets, (unsigned long long)octets);
	return 0;
}
