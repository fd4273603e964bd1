/* SPDX-License-Identifier: ISC */
/* Who guesses passwords, by the moments of each client's latest guesses. */
#include "config.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"
#include "common/xalloc.h"
#include "queue/guesses.h"

#define ALL_MAX ((GUESSES_DELAY_MAX - 1) * GUESSES_MAX + 1)

/* Moments are in a ring, the latest before next. */
struct guesser {
	struct network client;
	int64_t at[GUESSES_MAX];
	size_t n, next;
	int64_t told_at;          /* that it is shut out; 0: never */
	LIST_ENTRY(guesser) same; /* hash */
};
LIST_HEAD(guesser_bucket, guesser);

struct guesses {
	uint8_t key[SIPHASH_KEY];
	struct guesser_bucket buckets[GUESSES_CLIENTS];
	struct guesser v[GUESSES_CLIENTS];
	size_t n;
	int64_t all[ALL_MAX];
	size_t nall, next_all;
};

struct guesses *
guesses_new(void)
{
	struct guesses *g = xcalloc(1, sizeof(*g));
	size_t i;

	arc4random_buf(g->key, sizeof(g->key));
	for (i = 0; i < GUESSES_CLIENTS; i++)
		LIST_INIT(&g->buckets[i]);
	return g;
}

void
guesses_free(struct guesses *g)
{
	free(g);
}

size_t
guesses_clients(const struct guesses *g)
{
	return g->n;
}

static size_t
count(const int64_t *at, size_t n, int64_t now_ms)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++)
		found += now_ms - at[i] < GUESSES_WINDOW_MS;
	return found;
}

static void
put(int64_t *at, size_t size, size_t *n, size_t *next, int64_t now_ms)
{
	at[*next] = now_ms;
	*next = (*next + 1) % size;
	if (*n < size)
		(*n)++;
}

static int64_t
latest(const struct guesser *c)
{
	return c->at[(c->next + GUESSES_MAX - 1) % GUESSES_MAX];
}

static size_t
bucket_of(const struct guesses *g, const struct network *client)
{
	return siphash(g->key, client, sizeof(*client)) % GUESSES_CLIENTS;
}

/* By a hash: whoever connects is looked for. */
static struct guesser *
find(const struct guesses *g, const struct network *client)
{
	struct guesser *c;

	LIST_FOREACH(c, &g->buckets[bucket_of(g, client)], same)
	if (memcmp(&c->client, client, sizeof(*client)) == 0)
		break;
	return c;
}

/* In the place of the one that has been quiet for longest. */
static struct guesser *
add(struct guesses *g, const struct network *client)
{
	struct guesser *c = &g->v[0];
	size_t i;

	if (g->n < GUESSES_CLIENTS) {
		c = &g->v[g->n++];
	} else {
		for (i = 1; i < g->n; i++)
			if (latest(&g->v[i]) < latest(c))
				c = &g->v[i];
		LIST_REMOVE(c, same);
	}
	memset(c, 0, sizeof(*c));
	c->client = *client;
	LIST_INSERT_HEAD(&g->buckets[bucket_of(g, client)], c, same);
	return c;
}

size_t
guesses_left(
    const struct guesses *g, const struct network *client, int64_t now_ms)
{
	const struct guesser *c = find(g, client);

	return GUESSES_MAX - (c == NULL ? 0 : count(c->at, c->n, now_ms));
}

bool
guesses_note(struct guesses *g, const struct network *client, int64_t now_ms)
{
	struct guesser *c = find(g, client);
	bool is_news;

	if (c == NULL)
		c = add(g, client);
	put(c->at, GUESSES_MAX, &c->n, &c->next, now_ms);
	put(g->all, ALL_MAX, &g->nall, &g->next_all, now_ms);
	/* Who tries on is shut out again and again. */
	is_news = count(c->at, c->n, now_ms) == GUESSES_MAX &&
		  (c->told_at == 0 || now_ms - c->told_at >= GUESSES_TOLD_MS);
	if (is_news)
		c->told_at = now_ms;
	return is_news;
}

int64_t
guesses_delay(const struct guesses *g, int64_t now_ms)
{
	size_t steps =
	    (count(g->all, g->nall, now_ms) + GUESSES_MAX - 1) / GUESSES_MAX;

	if (steps == 0)
		steps = 1;
	return (int64_t)steps * GUESSES_DELAY_MS;
}
