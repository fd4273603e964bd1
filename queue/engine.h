/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ENGINE_H
#define QUEUE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "queue/dirs.h"
#include "queue/sockets.h"

/*
 * The queue process: one event loop over submissions, the drop folder,
 * deliveries and control requests, with the database under it.  engine.c puts
 * the parts together; each part knows only what it is given.
 */
struct engine_options {
	int parent_fd;    /* queue/ask.h */
	int ready_fd;     /* of a daemon in the background; -1: in front */
	bool once;        /* deliver what waits, then end; no sockets */
	bool probe;       /* every account may try once at the start */
	int64_t alive_ms; /* between signs of life (ask_alive); 0: none */
	const struct sockets *sockets; /* those that are open already */
	const struct identity *identity;
	const uint8_t *token; /* of common/proto_origin.h; NULL: none */
};

/* Runs to the end of the process; returns its exit status (sysexits). */
int engine_run(const struct conf *conf, const struct engine_options *opt);

#endif
