/* SPDX-License-Identifier: ISC */
/*
 * Usage by uid: a sorted array, since a host has few users with mail waiting
 * and every submission looks one up.  A uid whose mail is all gone leaves it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/limits.h"

struct usage {
	uid_t uid;
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

/* The place of the uid, or where it would stand. */
static size_t
place(const struct limits *l, uid_t uid)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (l->v[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct usage *
find(const struct limits *l, uid_t uid)
{
	size_t i = place(l, uid);

	return i < l->n && l->v[i].uid == uid ? &l->v[i] : NULL;
}

void
limits_add(struct limits *l, uid_t uid, uint64_t messages, uint64_t octets)
{
	struct usage *u = find(l, uid);
	size_t i;

	if (u == NULL) {
		if (l->n == l->room) {
			l->room = l->room == 0 ? 16 : l->room * 2;
			l->v = xreallocarray(l->v, l->room, sizeof(*l->v));
		}
		i = place(l, uid);
		u = &l->v[i];
		memmove(u + 1, u, (l->n - i) * sizeof(*u));
		*u = (struct usage){ uid, 0, 0 };
		l->n++;
	}
	u->messages += messages;
	u->octets += octets;
}

void
limits_load(void *arg, uid_t uid, uint64_t messages, uint64_t octets)
{
	limits_add(arg, uid, messages, octets);
}

void
limits_remove(struct limits *l, uid_t uid, uint64_t messages, uint64_t octets)
{
	struct usage *u = find(l, uid);

	assert(u != NULL && u->messages >= messages && u->octets >= octets);
	u->messages -= messages;
	u->octets -= octets;
	if (u->messages > 0)
		return;
	l->n--;
	memmove(u, u + 1, (size_t)(l->v + l->n - u) * sizeof(*u));
}

int
limits_check(const struct limits *l, uid_t uid, uint64_t octets, struct err *e)
{
	static const struct usage none = { 0, 0, 0 };
	const struct usage *u = find(l, uid);

	if (uid == 0)
		return 0;
	if (u == NULL)
		u = &none;
	if (u->messages >= l->uid_messages)
		return err_set(e, ERR_TEMP, "4.5.3",
		    "user id %u has %llu messages waiting, as many as "
		    "queue.uid_messages allows; try again when some have gone",
		    (unsigned)uid, (unsigned long long)u->messages);
	if (octets > l->uid_bytes || u->octets > l->uid_bytes - octets)
		return err_set(e, ERR_TEMP, "4.5.3",
		    "user id %u has %llu octets of mail waiting, and %llu more "
		    "would pass queue.uid_bytes; try again when some have gone",
		    (unsigned)uid, (unsigned long long)u->octets,
		    (unsigned long long)octets);
	return 0;
}
