/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CHECKERS_H
#define QUEUE_CHECKERS_H

#include <sys/types.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/network.h"
#include "common/proto_check.h"

/*
 * The processes that compare passwords (common/proto_check.h): few at once,
 * since each takes a processor and memory for a while, and none for long.
 */
#define CHECKERS_MAX 4

/* Logs which users' files cannot be used, before somebody signs in. */
void checkers_look(const struct conf *conf);

struct checkers;
struct checkers *checkers_new(void);
void checkers_free(struct checkers *c);
bool checkers_are_full(const struct checkers *c);

/* What one is for. */
struct check_for {
	pid_t asker; /* the client's smtpd; 0: gone */
	struct network client;
};

/*
 * Starts one with the listener's users' file.  *fd is the caller's: where the
 * login and password go.  -1 with *e filled, and nothing started; ERR_LOCAL
 * where it is the file's fault.
 */
int checkers_start(struct checkers *c, const struct conf *conf,
    const struct conf_listen *listener, const struct check_for *who, int *fd,
    struct err *e);

/* That asker is gone: nobody else gets its answer. */
void checkers_forget(struct checkers *c, pid_t asker);

/* How many are for that client, and have not been heard. */
size_t checkers_of(const struct checkers *c, const struct network *client);

/* CHECKERS_MAX descriptors. */
void checkers_poll_fds(const struct checkers *c, struct pollfd *fds);

/*
 * Hears the i-th, whose descriptor was ready: true when it has ended, with *who
 * it was for and *out for the caller to clear; that is CHECK_UNABLE, without a
 * reason, when it said nothing.
 */
bool checkers_hear(struct checkers *c, size_t i, struct check_for *who,
    struct check_outcome *out);

/* true: it was one of ours. */
bool checkers_reaped(struct checkers *c, pid_t pid);
void checkers_kill(struct checkers *c);
void checkers_kill_overdue(struct checkers *c, int64_t now_ms);
int64_t checkers_deadline(const struct checkers *c); /* monotonic */
size_t checkers_count(const struct checkers *c);
void checkers_close(struct checkers *c); /* for a fork */

#endif
