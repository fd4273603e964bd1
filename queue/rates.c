/* SPDX-License-Identifier: ISC */
/*
 * Clients are found by a hash with a key, so that nobody who chooses addresses
 * makes it slow, and stand in a line, the latest to send as the last.
 */
#include "config.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"
#include "common/xalloc.h"
#include "queue/rates.h"
#include "queue/window.h"

struct sender {
	const struct conf_listen *listener;
	struct network client;
	struct window messages;
	LIST_ENTRY(sender) same; /* hash */
	TAILQ_ENTRY(sender) later;
};
LIST_HEAD(bucket, sender);
TAILQ_HEAD(line, sender);

struct rates {
	uint8_t key[SIPHASH_KEY];
	struct bucket buckets[RATES_CLIENTS];
	struct line line;
	struct sender v[RATES_CLIENTS];
	size_t n;
};

struct rates *
rates_new(void)
{
	/* All zero is an empty bucket; memory that nobody uses costs none. */
	struct rates *r = xcalloc(1, sizeof(*r));

	arc4random_buf(r->key, sizeof(r->key));
	TAILQ_INIT(&r->line);
	return r;
}

void
rates_free(struct rates *r)
{
	free(r);
}

size_t
rates_clients(const struct rates *r)
{
	return r->n;
}

static struct bucket *
bucket_of(struct rates *r, const struct network *client)
{
	return &r->buckets[siphash(r->key, client, sizeof(*client)) %
			   RATES_CLIENTS];
}

/* A place for a new one, out of all lists. */
static struct sender *
find_place(struct rates *r)
{
	struct sender *s;

	if (r->n < RATES_CLIENTS)
		return &r->v[r->n++];
	s = TAILQ_FIRST(&r->line);
	TAILQ_REMOVE(&r->line, s, later);
	LIST_REMOVE(s, same);
	return s;
}

/* Out of the line. */
static struct sender *
find(struct rates *r, const struct conf_listen *l, const struct network *client)
{
	struct bucket *b = bucket_of(r, client);
	struct sender *s;

	LIST_FOREACH(s, b, same)
	if (s->listener == l &&
	    memcmp(&s->client, client, sizeof(*client)) == 0) {
		TAILQ_REMOVE(&r->line, s, later);
		return s;
	}
	s = find_place(r);
	memset(s, 0, sizeof(*s));
	s->listener = l;
	s->client = *client;
	LIST_INSERT_HEAD(b, s, same);
	return s;
}

bool
rates_take(struct rates *r, const struct conf_listen *l,
    const struct network *address, int64_t now_ms)
{
	struct network client = network_around(address);
	struct sender *s;

	if (l->rate.count == 0)
		return true;
	s = find(r, l, &client);
	TAILQ_INSERT_TAIL(&r->line, s, later);
	return window_take(&s->messages, &l->rate, now_ms);
}
