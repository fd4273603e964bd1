/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_BODY_H
#define DELIVERY_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The octets of one message, from the job channel to the server, with the
 * header rewritten on the way.
 *
 * Invariant: the last octet is handed out only after the queue has sent
 * BODY_END, that is, after it has committed that the message is under way.
 */

struct channel;
struct rewrite_rules;

/* A message up to here is held whole before anything of it is sent. */
#define BODY_WHOLE (64 * 1024)

struct body {
	struct channel *channel;
	struct buf data;   /* read, not yet handed out */
	size_t used;       /* of data: handed out by the last body_next */
	uint64_t expected; /* octets as stored, by MESSAGE */
	uint64_t got;      /* octets as stored, read so far */
	uint64_t size;     /* octets as they will be sent; after body_open */
	bool is_complete;  /* BODY_END was read */
	bool has_8bit;     /* in what was read so far */
	char previous;     /* the octet read last */
};

void body_init(struct body *b, struct channel *ch, uint64_t expected);
void body_clear(struct body *b);

/*
 * Reads the header, and up to BODY_WHOLE octets, and rewrites what has to be.
 * -1 with *e filled: ERR_PERM when the message cannot be sent as it is (the
 * rest can be drained), ERR_LOCAL when the channel broke, the queue sent
 * ABORT, or what came is not what was stored.
 */
int body_open(struct body *b, const struct rewrite_rules *rules, struct err *e);

/* The next octets: 1 when more follow, 0 when these were the last. */
int body_next(struct body *b, const char **p, size_t *n, struct err *e);

/* Reads and forgets what is left. */
int body_drain(struct body *b, struct err *e);

#endif
