/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PARENT_H
#define QUEUE_PARENT_H

#include <stdbool.h>

#include "common/conf.h"
#include "queue/dirs.h"
#include "queue/doors.h"
#include "queue/manager.h"
#include "queue/sockets.h"

/*
 * The parent process of mailchuted: keeps the queue process running, and does
 * for it what it may not do itself (queue/ask.h).
 */
struct parent_options {
	bool no_commands; /* run no *_command: the configuration is a guest's */
	bool once;        /* one run over the queue, then the end */
	bool check;       /* a run that only answers on CTL_FD: answer_check */
	const struct identity *identity;
	int ready_fd; /* background_enter's; -1: in front */
	const struct manager *manager;
	struct sockets sockets; /* the service manager's */
	struct doors *doors;    /* becomes the parent's */
};

/*
 * Runs until SIGTERM or SIGINT, or the end of a single run; SIGHUP reads the
 * configuration again.  conf becomes the parent's.  Returns the exit status of
 * the program.
 */
int parent_run(struct conf *conf, const struct parent_options *opt);

#endif
