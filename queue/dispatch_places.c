/* SPDX-License-Identifier: ISC */
/*
 * Connections that accounts share: those of one mailbox as many as its server
 * takes, and all of them DISPATCH_CONNECTIONS.
 */
#include "config.h"

#include <string.h>

#include "queue/dispatch_priv.h"

static bool
is_other(const struct lane *a, const struct lane *b)
{
	return a != b && strcmp(lane_mailbox(a), lane_mailbox(b)) == 0;
}

static size_t
connections(const struct dispatch *d)
{
	size_t i, n = 0;

	for (i = 0; i < d->nlanes; i++)
		n += lane_connections(d->lanes[i]);
	return n;
}

static bool
is_full(const struct dispatch *d)
{
	return connections(d) >= DISPATCH_CONNECTIONS;
}

bool
dispatch_has_place(void *arg, const struct lane *l)
{
	const struct dispatch *d = arg;
	size_t i, n = lane_connections(l);

	if (is_full(d))
		return false;
	for (i = 0; i < d->nlanes; i++)
		if (is_other(d->lanes[i], l))
			n += lane_connections(d->lanes[i]);
	return n < lane_connections_max(l);
}

/* Of those that have as many, the one that got its place longest ago gives. */
void
dispatch_crowded(void *arg, const struct lane *l)
{
	struct dispatch *d = arg;
	struct lane *most = NULL, *one;
	bool by_all = is_full(d);
	size_t i;

	for (i = 0; i < d->nlanes; i++) {
		one = d->lanes[(d->turn + i) % d->nlanes];
		if ((by_all ? one != l : is_other(one, l)) &&
		    (most == NULL ||
			lane_connections(one) > lane_connections(most)))
			most = one;
	}
	if (most != NULL)
		lane_yield(most, lane_connections(l));
}

void
dispatch_fewer(void *arg, const struct lane *l, const struct fewer *f)
{
	struct dispatch *d = arg;
	size_t i;

	for (i = 0; i < d->nlanes; i++)
		if (is_other(d->lanes[i], l))
			lane_note_fewer(d->lanes[i], f);
}

/*
 * One after the other, from the last that got a place on.  Who is offered one
 * that is taken by then has somebody else make another.
 */
static void
offer_place(struct dispatch *d, const struct lane *l, bool has_some)
{
	struct lane *one;
	size_t i, n, at, first = d->turn;

	for (i = 0; i < d->nlanes; i++) {
		at = (first + i) % d->nlanes;
		one = d->lanes[at];
		n = lane_connections(one);
		if (one == l || (n > 0) != has_some)
			continue;
		lane_kick(one);
		if (lane_connections(one) > n)
			d->turn = at + 1;
	}
}

/* It does not count any more. */
void
dispatch_freed(void *arg, const struct lane *l)
{
	struct dispatch *d = arg;
	size_t i;

	if (connections(d) + 1 >= DISPATCH_CONNECTIONS) {
		offer_place(d, l, false);
		offer_place(d, l, true);
		return;
	}
	for (i = 0; i < d->nlanes; i++)
		if (is_other(d->lanes[i], l))
			lane_kick(d->lanes[i]);
}
