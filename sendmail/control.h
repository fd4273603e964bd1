/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_CONTROL_H
#define SENDMAIL_CONTROL_H

#include <sys/types.h>

#include "common/err.h"
#include "common/proto_ctl.h"

/*
 * One question to mailchuted, as common/proto_ctl.h has it: to the one that
 * runs, or to one that is started for it.
 */

/* What to start when nobody answers on the socket. */
enum control_start {
	CONTROL_START_ANSWER, /* mailchuted --answer: says, and ends */
	CONTROL_START_ONCE    /* mailchuted --once: makes one queue run */
};

struct control_place {
	const char *socket_path;
	const char *conf_path; /* -C for a daemon started, or NULL */
	bool may_start;
};

struct control {
	int fd;
	pid_t child; /* what was started, or -1 */
	struct frame_reader reader;
};

/*
 * Opens the conversation; -1 with *e filled when nobody is there and nobody
 * could be started.
 */
int control_open(struct control *c, const struct control_place *where,
    enum control_start start, struct err *e);

/*
 * Asks, gives every frame but the last to row, and takes in *status the exit
 * status that DONE brought, its text in *e when that is not 0.  -1 with *e
 * filled when the conversation broke.
 */
typedef int control_row(void *arg, const struct frame *f, struct err *e);
int control_ask(struct control *c, const struct ctl_request *r,
    control_row *row, void *arg, int *status, struct err *e);

/* Ends it; the exit status of what was started, or 0. */
int control_close(struct control *c);

/* Somebody takes connections at that path. */
bool control_is_there(const char *socket_path);

#endif
