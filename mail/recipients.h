/* SPDX-License-Identifier: ISC */
#ifndef MAIL_RECIPIENTS_H
#define MAIL_RECIPIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/envelope.h"
#include "common/err.h"
#include "common/siphash.h"
#include "common/strlist.h"

/*
 * The recipients of a message, gathered from the command line and from header
 * fields into an envelope: each mailbox once, in the order of appearance, a
 * malformed one set apart.
 */
struct recipients {
	struct envelope *env;        /* the caller's */
	unsigned notify;             /* given to each */
	const struct strlist *final; /* -n: local.names, whose names (and bare
				      * ones) are no aliases; or NULL */
	struct strlist bad;          /* "ADDRESS: what is wrong with it" */
	size_t *slots;            /* hash table: places in env->rcpts, plus 1 */
	size_t nslots;            /* a power of two, or 0 */
	uint8_t key[SIPHASH_KEY]; /* of the table */
};

void recipients_init(
    struct recipients *r, struct envelope *env, unsigned notify);
void recipients_clear(struct recipients *r);

/*
 * Takes every address of a list ("a@x, Name <b@y>").  -1 with *e filled when
 * there are more than SUBMIT_RCPTS_MAX; a malformed one is no failure.
 */
int recipients_add(struct recipients *r, const char *list, struct err *e);

/*
 * Takes one address that addr_check admits.  NULL with *e filled when there
 * are more than SUBMIT_RCPTS_MAX; *is_new tells whether it was not there yet.
 */
struct envelope_rcpt *recipients_put(
    struct recipients *r, const char *address, bool *is_new, struct err *e);

bool recipients_has(const struct recipients *r, const char *address);

/*
 * 0 when there is somebody to send to; else -1 with *e: there is nobody (exit
 * 64), or nobody whose address is well-formed (65).
 */
int recipients_check(const struct recipients *r, struct err *e);

#endif
