/* SPDX-License-Identifier: ISC */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include <stdint.h>

#include "common/err.h"
#include "common/source.h"
#include "mail/canon.h"
#include "mail/complete.h"

/*
 * From what a program writes to a message that can travel: canonical line
 * ends, a complete header, an empty line, the body.  The header is read whole
 * (at most HEADER_TAKEN_MAX); the body streams.
 */
struct compose;

/* *with outlives the compose, and so does what it points to. */
struct compose *compose_new(const struct source *from, enum canon_dot dot,
    const struct completion *with);
void compose_free(struct compose *c);

/*
 * Reads and completes the header; *found is the compose's.  -1 with *e filled
 * when the source failed or the header is too long.
 */
int compose_header(
    struct compose *c, const struct completed **found, struct err *e);

/* The finished message; only after compose_header. */
struct source compose_source(struct compose *c);

/* What was left out so far, for the log. */
struct compose_losses {
	uint64_t nuls;
	uint64_t after_dot; /* octets behind a lone dot */
	bool dot_ended;
};
struct compose_losses compose_losses(const struct compose *c);

#endif
