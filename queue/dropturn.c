/* SPDX-License-Identifier: ISC */
/*
 * The order of drop files.
 *
 * Anyone can make any number of files, and some can make them as many uids
 * (newuidmap), so whatever grows here has a cap: the names that wait, those of
 * one owner in a round, the files remembered as refused, and the owners
 * remembered between rounds.
 */
#include "config.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/dropturn.h"

#define WAITING_MAX 8192 /* names, of all owners */
#define SHARE       1000 /* files of one owner in a round */
#define REFUSED_MAX 16   /* files of one owner, remembered */
#define OWNERS_KEPT 4096 /* from one round to the next */
#define CHAINS      1024

/* A first pause is over when the round of the next minute comes. */
#define PAUSE_MS     (50 * INT64_C(1000))
#define PAUSE_MAX_MS (8 * PAUSE_MS)
#define FILE_PAUSES  2 /* of its owner's: another of his is tried before */
#define FORGET_MS    (3600 * INT64_C(1000)) /* when it came no more */

struct name {
	TAILQ_ENTRY(name) entry;
	char text[];
};

struct refused {
	char *name;
	unsigned times; /* in a row */
	int64_t until_ms;
};

struct owner {
	LIST_ENTRY(owner) chain;
	TAILQ_ENTRY(owner) turn; /* while names wait */
	uid_t uid;
	TAILQ_HEAD(, name) names;
	unsigned taken;   /* of his share */
	unsigned held;    /* being read */
	unsigned refused; /* in a row */
	int64_t until_ms; /* when he may be tried again */
	struct refused files[REFUSED_MAX];
	size_t nfiles;
};

struct dropturn {
	LIST_HEAD(chain, owner) chains[CHAINS];
	TAILQ_HEAD(, owner) turns;
	size_t waiting;
};

struct dropturn *
dropturn_new(void)
{
	struct dropturn *t = xcalloc(1, sizeof(*t));
	size_t i;

	for (i = 0; i < CHAINS; i++)
		LIST_INIT(&t->chains[i]);
	TAILQ_INIT(&t->turns);
	return t;
}

/* ---- owners ---- */

static struct owner *
find(const struct dropturn *t, uid_t uid)
{
	struct owner *o;

	LIST_FOREACH(o, &t->chains[uid % CHAINS], chain)
	if (o->uid == uid)
		return o;
	return NULL;
}

static struct owner *
find_or_make(struct dropturn *t, uid_t uid)
{
	struct owner *o = find(t, uid);

	if (o != NULL)
		return o;
	o = xcalloc(1, sizeof(*o));
	o->uid = uid;
	TAILQ_INIT(&o->names);
	LIST_INSERT_HEAD(&t->chains[uid % CHAINS], o, chain);
	return o;
}

/* The owner's first name, which becomes the caller's; NULL when he has none. */
static struct name *
take_name(struct dropturn *t, struct owner *o)
{
	struct name *n = TAILQ_FIRST(&o->names);

	if (n == NULL)
		return NULL;
	TAILQ_REMOVE(&o->names, n, entry);
	t->waiting--;
	return n;
}

static void
drop_names(struct dropturn *t, struct owner *o)
{
	struct name *n;

	if (!TAILQ_EMPTY(&o->names))
		TAILQ_REMOVE(&t->turns, o, turn);
	while ((n = take_name(t, o)) != NULL)
		free(n);
}

/* To the end of the line, or out of it when no name of his waits. */
static void
turn_over(struct dropturn *t, struct owner *o)
{
	TAILQ_REMOVE(&t->turns, o, turn);
	if (!TAILQ_EMPTY(&o->names))
		TAILQ_INSERT_TAIL(&t->turns, o, turn);
}

static void
owner_free(struct dropturn *t, struct owner *o)
{
	drop_names(t, o);
	while (o->nfiles > 0)
		free(o->files[--o->nfiles].name);
	LIST_REMOVE(o, chain);
	free(o);
}

void
dropturn_free(struct dropturn *t)
{
	struct owner *o, *next;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < CHAINS; i++)
		for (o = LIST_FIRST(&t->chains[i]); o != NULL; o = next) {
			next = LIST_NEXT(o, chain);
			owner_free(t, o);
		}
	free(t);
}

/* ---- those who were refused ---- */

static int64_t
pause_ms(unsigned times)
{
	int64_t ms = PAUSE_MS;

	while (--times > 0 && ms < PAUSE_MAX_MS)
		ms *= 2;
	return ms;
}

static struct refused *
find_file(struct owner *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->nfiles; i++)
		if (strcmp(o->files[i].name, name) == 0)
			return &o->files[i];
	return NULL;
}

static void
forget_file(struct owner *o, struct refused *f)
{
	free(f->name);
	memmove(
	    f, f + 1, (size_t)(o->files + o->nfiles - (f + 1)) * sizeof(*f));
	o->nfiles--;
}

static struct refused *
find_or_make_file(struct owner *o, const char *name)
{
	struct refused *f = find_file(o, name);

	if (f != NULL)
		return f;
	if (o->nfiles == REFUSED_MAX)
		forget_file(o, &o->files[0]);
	f = &o->files[o->nfiles++];
	*f = (struct refused){ .name = xstrdup(name) };
	return f;
}

/* What was to be tried long ago and did not come is gone. */
static void
forget_old(struct owner *o, int64_t now_ms)
{
	size_t i;

	for (i = o->nfiles; i-- > 0;)
		if (now_ms - o->files[i].until_ms > FORGET_MS)
			forget_file(o, &o->files[i]);
	if (o->refused > 0 && now_ms - o->until_ms > FORGET_MS)
		o->refused = 0;
}

void
dropturn_renew(struct dropturn *t, int64_t now_ms)
{
	struct owner *o, *next;
	size_t i, kept = 0;

	for (i = 0; i < CHAINS; i++)
		for (o = LIST_FIRST(&t->chains[i]); o != NULL; o = next) {
			next = LIST_NEXT(o, chain);
			o->taken = 0;
			forget_old(o, now_ms);
			if (o->held > 0 || !TAILQ_EMPTY(&o->names))
				continue;
			if ((o->refused == 0 && o->nfiles == 0) ||
			    kept == OWNERS_KEPT)
				owner_free(t, o);
			else
				kept++;
		}
}

/* ---- lines ---- */

bool
dropturn_is_full(const struct dropturn *t)
{
	return t->waiting >= WAITING_MAX;
}

enum dropturn_word
dropturn_may(struct dropturn *t, uid_t owner, const char *name, int64_t now_ms)
{
	struct owner *o = find(t, owner);
	const struct refused *f;

	if (o != NULL && o->refused > 0 &&
	    (now_ms < o->until_ms || o->held > 0 || !TAILQ_EMPTY(&o->names)))
		return DROPTURN_WAITS;
	if (o != NULL && (f = find_file(o, name)) != NULL &&
	    now_ms < f->until_ms)
		return DROPTURN_WAITS;
	if (o != NULL && o->taken >= SHARE)
		return DROPTURN_SPENT;
	return dropturn_is_full(t) ? DROPTURN_FULL : DROPTURN_MAY;
}

void
dropturn_add(struct dropturn *t, uid_t owner, const char *name)
{
	struct owner *o = find_or_make(t, owner);
	size_t len = strlen(name) + 1;
	struct name *n = xmalloc(sizeof(*n) + len);

	memcpy(n->text, name, len);
	if (TAILQ_EMPTY(&o->names))
		TAILQ_INSERT_TAIL(&t->turns, o, turn);
	TAILQ_INSERT_TAIL(&o->names, n, entry);
	o->taken++;
	t->waiting++;
}

char *
dropturn_next(struct dropturn *t, size_t places, uid_t *owner)
{
	struct owner *o;
	struct name *n;
	char *name;

	o = TAILQ_FIRST(&t->turns);
	while (o != NULL && o->held >= places)
		o = TAILQ_NEXT(o, turn);
	if (o == NULL)
		return NULL;
	n = take_name(t, o);
	turn_over(t, o);
	o->held++;
	*owner = o->uid;
	name = xstrdup(n->text);
	free(n);
	return name;
}

/* ---- how a turn ends ---- */

static struct owner *
end_turn(struct dropturn *t, uid_t owner)
{
	struct owner *o = find_or_make(t, owner);

	if (o->held > 0)
		o->held--;
	return o;
}

bool
dropturn_accepted(struct dropturn *t, uid_t owner, const char *name)
{
	struct owner *o = end_turn(t, owner);
	struct refused *f = find_file(o, name);
	bool was_refused = o->refused > 0;

	if (f != NULL)
		forget_file(o, f);
	o->refused = 0;
	return was_refused;
}

void
dropturn_refused(
    struct dropturn *t, uid_t owner, const char *name, int64_t now_ms)
{
	struct owner *o = end_turn(t, owner);
	struct refused *f = find_or_make_file(o, name);

	f->times++;
	f->until_ms = now_ms + FILE_PAUSES * pause_ms(f->times);
	/* Those read beside one another are refused as one. */
	if (now_ms >= o->until_ms)
		o->until_ms = now_ms + pause_ms(++o->refused);
	/* What waits lies on the disk, and is found again. */
	drop_names(t, o);
}

void
dropturn_passed(struct dropturn *t, uid_t owner)
{
	(void)end_turn(t, owner);
}
