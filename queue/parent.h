/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PARENT_H
#define QUEUE_PARENT_H

#include <stdbool.h>

#include "common/conf.h"
#include "queue/dirs.h"

/*
 * The parent process of mailchuted: keeps the queue process running, and does
 * for it what it may not do itself (queue/ask.h).
 */
struct parent_options {
	bool no_commands; /* run no *_command: the configuration is a guest's */
	bool once;        /* one run over the queue, then the end */
	const struct identity *identity;
	int ready_fd; /* background_enter's; -1: in front */
};

/*
 * Runs until SIGTERM or SIGINT, or the end of a single run; returns the exit
 * status of the program.
 */
int parent_run(const struct conf *conf, const struct parent_options *opt);

#endif
