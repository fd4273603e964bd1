/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CHILDREN_H
#define QUEUE_CHILDREN_H

#include <sys/types.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/proto_token.h"
#include "queue/ask.h"
#include "queue/doors.h"

/*
 * The programs that the parent has started: deliver and token processes, each
 * with a channel on which it asks for its secrets, the commands that print one,
 * the command that is told of alarms, and the smtpd of each client of a
 * listener (queue/doors.h); and the access tokens that token got
 * (queue/vault.h).
 */
#define CHILDREN_MAX 192 /* DISPATCH_CONNECTIONS, before a reload and after */
#define CHILDREN_FDS (CHILDREN_MAX + 1 + DOORS_FDS)
struct children;

/* doors become the children's. */
struct children *children_new(
    const struct conf *conf, bool no_commands, struct doors *doors);
void children_free(struct children *c);

/*
 * The configuration from now on.  Who was started under the one before gets no
 * more secrets, and is on its way out.
 */
void children_set_conf(struct children *c, const struct conf *conf);

/* The log goes elsewhere, or something else was mended (queue/guests.h). */
void children_renew(struct children *c);

/* Nobody comes in by a listener any more. */
void children_shut(struct children *c);

/* By which a queue process knows their messages (common/proto_origin.h). */
const uint8_t *children_token(const struct children *c);

/* Closes our ends: for a fork that does not own the children. */
void children_close(struct children *c);

/* Starts deliver for an account; *job is our end of its job channel. */
pid_t children_start_deliver(
    struct children *c, uint32_t account, int *job, struct err *e);

/* The same for token, one at a time for an account. */
pid_t children_start_token(
    struct children *c, uint32_t account, int *channel, struct err *e);

/* What the queue process says of the access token that the account has. */
void children_granted(
    struct children *c, uint32_t account, const struct token_granted *g);

/* Answers the questions that concern them; false: it is none of those. */
bool children_answer(struct children *c, const struct ask_request *r,
    struct ask_answer *a, int *fd);

/* What to poll, into fds (CHILDREN_FDS of them), and serving it after. */
size_t children_poll_fds(const struct children *c, struct pollfd *fds);
void children_serve(struct children *c, const struct pollfd *fds, size_t n);

/* Runs local.alarm_command for that text, if there is one and it may be. */
void children_alarm(struct children *c, const char *text);

void children_reaped(struct children *c, pid_t pid, int wstatus);

/* SIGKILL to one of ours (an smtpd: see doors_accuse), or with pid 0 to all. */
void children_kill(struct children *c, pid_t pid);
void children_kill_overdue(struct children *c, int64_t now);
int64_t children_deadline(const struct children *c); /* monotonic */
size_t children_count(const struct children *c);

#endif
