/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_BODY_H
#define DELIVERY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/proto_job.h"
#include "mail/header.h"

/*
 * The octets of one message, from the job channel to the server, changed on
 * the way as far as the account and the server make it necessary: the sender is
 * rewritten, and what the server does not take is encoded.
 *
 * Invariant: the last octet is handed out only after the queue has sent
 * BODY_END, that is, after it has committed that the message is under way.
 */

struct channel;
struct recode;
struct rewrite_rules;

/* A message up to here is held whole before anything of it is sent. */
#define BODY_WHOLE JOB_WHOLE_MAX

/* The most that body_next hands out: the header, encoded, and some text. */
#define BODY_PIECE_MAX (8 * HEADER_MAX)

struct body {
	struct channel *channel;
	const struct job_message *message;
	struct buf data;  /* to be handed out */
	size_t used;      /* of data: handed out by the last body_next */
	uint64_t got;     /* octets as stored, read so far */
	size_t skip;      /* of what is read next, and was read before */
	uint64_t size;    /* octets as they will be sent; after body_open */
	bool has_size;    /* else they are not known; size is near it */
	bool is_read;     /* BODY_AGAIN was read, or BODY_END */
	bool is_second;   /* what comes now comes again */
	bool is_complete; /* BODY_END was read */
	bool has_8bit;    /* what will be sent; after body_open */
	char previous;    /* the octet read last */
	struct recode *recode; /* what is read is encoded; or NULL */
};

/* How the message goes out. */
struct body_way {
	const struct rewrite_rules *rules;
	bool is_7bit;  /* no 8BITMIME */
	bool has_utf8; /* as SMTPUTF8: the header may be UTF-8 */
};

/* m is not copied. */
void body_init(struct body *b, struct channel *ch, const struct job_message *m);
void body_clear(struct body *b);

/*
 * Reads the header, and up to BODY_WHOLE octets, and changes what has to be.
 * What was encoded, and why, is logged.  -1 with *e filled: ERR_PERM when the
 * message cannot be sent as it is (the rest can be drained), ERR_LOCAL when the
 * channel broke, the queue sent ABORT, or what came is not what was stored.
 */
int body_open(struct body *b, const struct body_way *way, struct err *e);

/* The next octets: 1 when more follow, 0 when these were the last. */
int body_next(struct body *b, const char **p, size_t *n, struct err *e);

/* Reads and forgets what is left. */
int body_drain(struct body *b, struct err *e);

#endif
