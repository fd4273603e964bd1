/* SPDX-License-Identifier: ISC */
/*
 * Clients are found by a hash and wait to be forgotten in a line, so that no
 * connection costs more the more clients there are.  Who has left longest ago
 * is forgotten first.
 */
#include "config.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"
#include "common/xalloc.h"
#include "queue/gate.h"
#include "queue/window.h"

#define CROWD_MIN 8 /* connections that make a crowd */

struct client {
	struct network network;
	unsigned connections; /* 0: it is in the line of those outside */
	struct window entries;
	LIST_ENTRY(client) same; /* hash */
	TAILQ_ENTRY(client) later;
};
LIST_HEAD(bucket, client);
TAILQ_HEAD(outside, client);

struct gate {
	struct network *allow;
	size_t nallow;
	struct rate connection_rate;
	unsigned client_connections, connections;
	size_t inside;
	uint64_t refusals;
	uint8_t key[SIPHASH_KEY];
	struct bucket buckets[GATE_CLIENTS];
	struct outside outside; /* who has left first is the first */
	struct client v[GATE_CLIENTS];
	size_t n;
};

/* Slices of another length cannot be compared. */
static void
change_rate(struct gate *g, const struct rate *rate)
{
	size_t i;

	if (g->connection_rate.per_s != rate->per_s)
		for (i = 0; i < g->n; i++)
			memset(&g->v[i].entries, 0, sizeof(g->v[i].entries));
	g->connection_rate = *rate;
}

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
	change_rate(g, &conf->connection_rate);
	g->client_connections = conf->client_connections;
	g->connections = conf->connections;
}

struct gate *
gate_new(const struct conf_listen *conf)
{
	struct gate *g = xcalloc(1, sizeof(*g));
	size_t i;

	arc4random_buf(g->key, sizeof(g->key));
	for (i = 0; i < GATE_CLIENTS; i++)
		LIST_INIT(&g->buckets[i]);
	TAILQ_INIT(&g->outside);
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

void
gate_note_refusals(struct gate *g, uint64_t n)
{
	g->refusals += n;
}

uint64_t
gate_refusals(const struct gate *g)
{
	return g->refusals;
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

	return network_around(&n);
}

/* ---- clients ---- */

static struct bucket *
bucket_of(struct gate *g, const struct network *network)
{
	return &g->buckets[siphash(g->key, network, sizeof(*network)) %
			   GATE_CLIENTS];
}

static struct client *
find(struct gate *g, const struct network *network)
{
	struct client *c;

	LIST_FOREACH(c, bucket_of(g, network), same)
	if (memcmp(&c->network, network, sizeof(*network)) == 0)
		break;
	return c;
}

/* A place for one more, not in the line; NULL: all are inside. */
static struct client *
find_place(struct gate *g)
{
	struct client *c = TAILQ_FIRST(&g->outside);

	if (g->n < GATE_CLIENTS)
		return &g->v[g->n++];
	if (c == NULL)
		return NULL;
	TAILQ_REMOVE(&g->outside, c, later);
	LIST_REMOVE(c, same);
	return c;
}

static struct client *
add(struct gate *g, const struct network *network)
{
	struct client *c = find_place(g);

	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->network = *network;
	LIST_INSERT_HEAD(bucket_of(g, network), c, same);
	TAILQ_INSERT_TAIL(&g->outside, c, later);
	return c;
}

bool
gate_allows(const struct gate *g, const struct network *address)
{
	size_t i;

	for (i = 0; i < g->nallow; i++)
		if (network_covers(&g->allow[i], address))
			return true;
	return false;
}

enum gate_verdict
gate_enter(struct gate *g, const struct sockaddr *address, int64_t now_ms)
{
	struct network network = gate_client(address),
		       one = network_of(address);
	struct client *c;

	if (!gate_allows(g, &one))
		return GATE_NOT_ALLOWED;
	c = find(g, &network);
	if (c != NULL && c->connections >= g->client_connections)
		return GATE_CLIENT_FULL;
	if (g->inside >= g->connections ||
	    (c == NULL && (c = add(g, &network)) == NULL))
		return GATE_FULL;
	if (c->connections == 0)
		TAILQ_REMOVE(&g->outside, c, later);
	if (!window_take(&c->entries, &g->connection_rate, now_ms)) {
		if (c->connections == 0)
			TAILQ_INSERT_TAIL(&g->outside, c, later);
		return GATE_CLIENT_FAST;
	}
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
	g->inside--;
	if (--c->connections == 0)
		TAILQ_INSERT_TAIL(&g->outside, c, later);
}
