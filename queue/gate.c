/* SPDX-License-Identifier: ISC */
/*
 * A client is remembered while it is inside, and while messages of it count.
 * The window of the rate is cut into slices, so that no client needs more
 * memory than another: what is counted is at most a slice too old.
 */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/gate.h"

#define SLICES    16
#define CROWD_MIN 8 /* connections that make a crowd */

struct client {
	struct network network;
	unsigned connections;
	int64_t slice; /* the latest of count[], since the clock's zero */
	unsigned count[SLICES + 1]; /* by slice, modulo their number */
};

struct gate {
	struct network *allow;
	size_t nallow;
	struct rate rate;
	unsigned client_connections, connections;
	size_t inside;
	struct client v[GATE_CLIENTS];
	size_t n;
};

void
gate_change(struct gate *g, const struct conf_listen *conf)
{
	size_t i;

	free(g->allow);
	g->allow = xcalloc(conf->allow.n + 1, sizeof(*g->allow));
	g->nallow = 0;
	for (i = 0; i < conf->allow.n; i++)
		if (network_parse(conf->allow.v[i], &g->allow[g->nallow]) == 0)
			g->nallow++;
	/* Slices of another length cannot be compared. */
	if (g->rate.per_s != conf->rate.per_s)
		for (i = 0; i < g->n; i++) {
			g->v[i].slice = 0;
			memset(g->v[i].count, 0, sizeof(g->v[i].count));
		}
	g->rate = conf->rate;
	g->client_connections = conf->client_connections;
	g->connections = conf->connections;
}

struct gate *
gate_new(const struct conf_listen *conf)
{
	struct gate *g = xcalloc(1, sizeof(*g));

	gate_change(g, conf);
	return g;
}

void
gate_free(struct gate *g)
{
	if (g == NULL)
		return;
	free(g->allow);
	free(g);
}

size_t
gate_connections(const struct gate *g)
{
	return g->inside;
}

bool
gate_is_crowded(const struct gate *g)
{
	/* Where there are few, that one is taken says nothing. */
	return g->connections >= CROWD_MIN &&
	       4 * (g->connections - g->inside) < g->connections;
}

size_t
gate_clients(const struct gate *g)
{
	return g->n;
}

struct network
gate_client(const struct sockaddr *address)
{
	struct network n = network_of(address);

	if (n.family == AF_INET6) {
		memset(n.address + 8, 0, 8);
		n.bits = 64;
	}
	return n;
}

/* ---- the rate ---- */

static int64_t
slice_of(const struct gate *g, int64_t now_ms)
{
	/* Rounded up: all of them together are never less than it. */
	return now_ms / ((g->rate.per_s * 1000 + SLICES - 1) / SLICES);
}

/* Empties the slices that have passed since the client's latest. */
static void
turn(struct client *c, int64_t slice)
{
	int64_t i, first = c->slice + 1;

	if (first < slice - SLICES)
		first = slice - SLICES;
	for (i = first; i <= slice; i++)
		c->count[i % (SLICES + 1)] = 0;
	if (slice > c->slice)
		c->slice = slice;
}

static uint64_t
sum(const struct client *c)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i <= SLICES; i++)
		all += c->count[i];
	return all;
}

/* ---- clients ---- */

static struct client *
find(struct gate *g, const struct network *network)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (memcmp(&g->v[i].network, network, sizeof(*network)) == 0)
			return &g->v[i];
	return NULL;
}

static void
forget(struct gate *g, struct client *c)
{
	*c = g->v[--g->n];
}

/* Nothing of it counts any more. */
static bool
is_over(struct gate *g, struct client *c, int64_t now_ms)
{
	if (c->connections > 0)
		return false;
	if (g->rate.count == 0)
		return true;
	turn(c, slice_of(g, now_ms));
	return sum(c) == 0;
}

/*
 * Makes room for one more.  When all count, the one outside that has sent
 * longest ago is forgotten; NULL when all are inside.
 */
static struct client *
add(struct gate *g, const struct network *network, int64_t now_ms)
{
	struct client *oldest = NULL, *c;
	size_t i;

	for (i = g->n == GATE_CLIENTS ? g->n : 0; i > 0; i--)
		if (is_over(g, &g->v[i - 1], now_ms))
			forget(g, &g->v[i - 1]);
	for (i = 0; g->n == GATE_CLIENTS && i < g->n; i++)
		if (g->v[i].connections == 0 &&
		    (oldest == NULL || g->v[i].slice < oldest->slice))
			oldest = &g->v[i];
	if (oldest != NULL)
		forget(g, oldest);
	if (g->n == GATE_CLIENTS)
		return NULL;
	c = &g->v[g->n++];
	memset(c, 0, sizeof(*c));
	c->network = *network;
	return c;
}

static bool
is_allowed(const struct gate *g, const struct sockaddr *address)
{
	size_t i;

	for (i = 0; i < g->nallow; i++)
		if (network_has(&g->allow[i], address))
			return true;
	return false;
}

enum gate_verdict
gate_enter(struct gate *g, const struct sockaddr *address, int64_t now_ms)
{
	struct network network = gate_client(address);
	struct client *c;

	if (!is_allowed(g, address))
		return GATE_NOT_ALLOWED;
	c = find(g, &network);
	if (c != NULL && c->connections >= g->client_connections)
		return GATE_CLIENT_FULL;
	if (g->inside >= g->connections ||
	    (c == NULL && (c = add(g, &network, now_ms)) == NULL))
		return GATE_FULL;
	c->connections++;
	g->inside++;
	return GATE_OPEN;
}

void
gate_leave(struct gate *g, const struct network *client)
{
	struct client *c = find(g, client);

	if (c == NULL || c->connections == 0)
		return;
	c->connections--;
	g->inside--;
}

bool
gate_message(struct gate *g, const struct network *client, int64_t now_ms)
{
	struct client *c = find(g, client);

	if (g->rate.count == 0)
		return true;
	if (c == NULL)
		return false;
	turn(c, slice_of(g, now_ms));
	if (sum(c) >= g->rate.count)
		return false;
	c->count[c->slice % (SLICES + 1)]++;
	return true;
}
