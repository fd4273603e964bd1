/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CALENDAR_H
#define QUEUE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "queue/expiry.h"

struct alarms;
struct ask;
struct batch;
struct dispatch;
struct expand;
struct identity;
struct limits;
struct store;
struct times;

/*
 * The expiry calendar as the queue process keeps it: dates from the
 * configuration, from what the token endpoint says and from what the parent
 * knows of listeners, in the store, so that each is told once, whatever
 * restarts.  To tell it means a line in the log, and a mail to local.admin as
 * soon as one can leave (queue/alarm.h).
 */
struct calendar;

struct calendar_parts {
	const struct conf *conf;
	const struct identity *identity;
	struct times *times;
	struct store *store;
	struct batch *batch;
	struct limits *limits;
	struct expand *expand;
	struct dispatch *dispatch;
	struct alarms *alarms;
	struct ask *ask;
};

/* Reads what was remembered; nothing is told before calendar_look. */
struct calendar *calendar_new(
    const struct calendar_parts *parts, struct err *e);
void calendar_free(struct calendar *c); /* NULL is fine */

/*
 * Looks at everything, now or as at that instant; what follows is told when it
 * is on disk.
 */
void calendar_look(struct calendar *c);
void calendar_look_at(struct calendar *c, int64_t now);

/*
 * Those that are known, account by account, then of listeners; an access token,
 * which ends all the time and is not told of, is not among them.
 */
struct calendar_view {
	struct expiry_subject subject;
	enum expiry_what what;
	const struct expiry *expiry;
	int64_t now;
	struct expiry_words words;
};
typedef void calendar_row(void *arg, const struct calendar_view *v);
void calendar_each(struct calendar *c, calendar_row *row, void *arg);

/* That listener's certificate alone, by its index; no row: nothing is known. */
void calendar_listener(
    struct calendar *c, size_t listener, calendar_row *row, void *arg);

#endif
