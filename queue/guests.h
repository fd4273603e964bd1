/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_GUESTS_H
#define QUEUE_GUESTS_H

#include <sys/socket.h>
#include <sys/types.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/proto_pair.h"
#include "queue/checkers.h"
#include "queue/gate.h"
#include "queue/knocks.h"

/*
 * The clients that a listener has let in, each with an smtpd of its own.  The
 * parent reads none of what they say: smtpd does, and asks on its channel
 * (common/proto_listen.h) for a connection to the queue process, on which the
 * parent says whose message it will be.
 */
#define GUESTS_MAX 512 /* inside at once, of all listeners */

struct guests;
struct guests *guests_new(void);
void guests_free(struct guests *g);

/* Clients that were refused, by the door or inside. */
struct knocks *guests_knocks(struct guests *g);

/* By which the queue process knows the parent (common/proto_origin.h). */
const uint8_t *guests_token(const struct guests *g);

/*
 * Another configuration, which has to live until the next; until guests_move
 * has named theirs in it, nobody's messages are taken.  Who has signed in by
 * the one before is dismissed.
 */
void guests_set_conf(struct guests *g, const struct conf *conf);

/*
 * What the listener with this gate is from now on; NULL: both are gone, and who
 * came in by it is dismissed.
 */
void guests_move(struct guests *g, const struct gate *gate,
    const struct conf_listen *listener);

/*
 * Who comes in from now on is served by what there is now: a log file that was
 * moved away, or a library; and at the end by no process that waits for him.
 */
void guests_renew(struct guests *g);

bool guests_are_full(const struct guests *g);

/* What is known of a client's wrong passwords (queue/guesses.h). */
enum guest_record {
	GUEST_FINE,
	GUEST_GUESSER, /* it has had some */
	GUEST_SHUT_OUT /* it has had too many */
};
enum guest_record guests_record(
    const struct guests *g, const struct sockaddr *from, int64_t now_ms);

/* A listener, to those who come in. */
struct guest_door {
	struct gate *gate;
	const struct conf_listen *conf;
	const struct pair *pair; /* NULL: none that serves */
};

/*
 * Starts smtpd for a client on fd, whom the gate has counted; it leaves the
 * gate when it is reaped.  -1 with *e filled: it has to leave now.
 */
int guests_add(struct guests *g, const struct guest_door *door,
    const struct sockaddr *from, int fd, struct err *e);

/* Closes all descriptors: for a fork. */
void guests_close(struct guests *g);

/* One descriptor each, and those of checkers, GUESTS_FDS at most. */
#define GUESTS_FDS (GUESTS_MAX + CHECKERS_MAX)
size_t guests_poll_fds(const struct guests *g, struct pollfd *fds);
size_t guests_fds(const struct guests *g); /* as many as that */
void guests_serve(struct guests *g, const struct pollfd *fds);

/* Whose time has come: those who sign in; and when the next one's will. */
void guests_tick(struct guests *g, int64_t now_ms);
int64_t guests_deadline(const struct guests *g); /* monotonic */

/* true: it was one of ours. */
bool guests_reaped(struct guests *g, pid_t pid, int wstatus);

/*
 * The queue process says that this one, if it is one of ours, has more of it
 * than an smtpd asks for.
 */
void guests_accuse(struct guests *g, pid_t pid);
void guests_kill(struct guests *g);

/*
 * No more mail is taken from those inside: their channels are closed, which
 * smtpd tells them by 421.  What they were answered stays so.
 */
void guests_dismiss(struct guests *g);
size_t guests_count(const struct guests *g); /* processes */

#endif
