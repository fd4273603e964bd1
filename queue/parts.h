/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PARTS_H
#define QUEUE_PARTS_H

#include "common/conf.h"
#include "common/err.h"
#include "queue/dirs.h"
#include "queue/times.h"

struct admit;
struct alarms;
struct ask;
struct ballast;
struct batch;
struct bounce;
struct calendar;
struct devices;
struct dispatch;
struct event_base;
struct expand;
struct limits;
struct proved;
struct refuse;
struct store;

/*
 * What every way of running the queue is made of: the store with its event
 * loop, admission and dispatch.  Made in this order, taken apart in reverse.
 */
/* Facts: where a damaged queue lies, and what was saved of it. */
#define FACT_DAMAGED "damaged_file"
#define FACT_DAMAGE  "damage"

struct parts {
	const struct conf *conf;
	const struct identity *identity;
	struct event_base *base;
	struct times times;
	struct store *store;
	struct ballast *ballast;
	struct batch *batch;
	struct limits *limits;
	struct ask *ask;
	struct expand *expand;
	struct bounce *bounce;
	struct proved *proved;
	struct admit *admit;
	struct refuse *refuse;
	struct devices *devices; /* NULL: of a reader */
	struct dispatch *dispatch;
	struct alarms *alarms; /* they come only with alarm_watch */
	struct calendar *calendar;
};

/* The loop, with the priorities of queue/loop.h; never NULL. */
struct event_base *parts_base(void);

/*
 * Opens the store (the lock is the caller's) and makes the rest.  ask becomes
 * the parts'.  -1 with *e filled; parts_close is fine then as well.
 */
int parts_open(struct parts *p, const struct conf *conf,
    const struct identity *identity, struct ask *ask, struct err *e);

/* The same over a store that is only read: no admission. */
int parts_open_reader(struct parts *p, const struct conf *conf,
    const struct identity *identity, struct ask *ask, struct err *e);

/* From now on fresh mail is tried as soon as it is on disk. */
void parts_try_at_once(struct parts *p);
void parts_close(struct parts *p);

#endif
