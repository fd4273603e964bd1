/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WORKER_PRIV_H
#define QUEUE_WORKER_PRIV_H

#include <event2/util.h>

#include "queue/survey.h"
#include "queue/worker.h"

/*
 * A worker in full, for the two files that are the worker: worker.c writes,
 * worker_read.c reads and sees to the end.
 */
struct worker {
	struct event_base *base;
	struct store *store;
	struct ask *ask;
	int fd;
	pid_t pid;
	const struct worker_calls *calls;
	void *arg;
	struct buf *ticket; /* the lane's */
	enum worker_state state;
	bool was_ready, is_killed, is_legacy;
	struct timeval closing; /* the longest that its end may take */
	struct job_ready session;
	struct job *job;
	struct survey survey; /* of the job, before MESSAGE */
	bool is_told;         /* MESSAGE was put */
	bool is_twice;        /* the body goes out once more behind this one */
	uint32_t next_chunk;
	bool is_body_sent;
	struct buf in, out, chunk;
	struct event *readable, *writable;
};

#define WORKER_READ_MAX (64 * 1024) /* octets at once */

/* worker_read.c */
void worker_listen(struct worker *w);
void worker_on_readable(evutil_socket_t fd, short what, void *arg);

#endif
