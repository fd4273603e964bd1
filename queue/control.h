/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CONTROL_H
#define QUEUE_CONTROL_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/err.h"
#include "queue/dirs.h"

struct alarms;
struct ask;
struct calendar;
struct batch;
struct devices;
struct dispatch;
struct event_base;
struct limits;
struct store;
struct times;

/*
 * Control requests (common/proto_ctl.h), on the socket "control" or on one
 * descriptor.  A listing of a million messages is read in slices, each when
 * the one before it has left, and everybody else is served in between.
 */
struct control;

struct control_parts {
	struct event_base *base;
	const struct conf *conf;
	const struct identity *identity;
	struct times *times;
	struct store *store;
	struct batch *batch; /* NULL: only questions are answered */
	struct dispatch *dispatch;
	struct limits *limits;
	struct alarms *alarms;
	struct calendar *calendar;
	bool is_daemon;          /* false: nothing is delivered just now */
	struct devices *devices; /* NULL: what is known is in the store */
	struct ask *ask;
};

/* Serves who connects to fd, which listens and stays the caller's. */
struct control *control_new(const struct control_parts *parts, int fd);

/* Serves one client on fd; ended is called when it has its answer. */
typedef void control_ended(void *arg);
struct control *control_new_single(
    const struct control_parts *parts, int fd, control_ended *ended, void *arg);
void control_free(struct control *c);

#endif
