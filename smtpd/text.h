/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_TEXT_H
#define SMTPD_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/source.h"
#include "smtpd/conn.h"
#include "smtpd/data.h"
#include "smtpd/patience.h"

/*
 * The text of one message on its way from the connection, as a source that
 * cannot be read again: what follows DATA up to its line of a single dot, or
 * the chunks of BDAT up to the last.
 *
 * Never half a message: a text that does not come to its end is a source that
 * fails, so that no end is ever written to the daemon or to a drop file.
 */
struct text {
	struct conn *conn;
	const struct patience *patience; /* a slower writer is given up */
	int64_t since_ms;
	uint64_t octets; /* that have come */
	struct data data;
	bool refuses_bare; /* fails at a lone CR or LF */
	bool had_cr;       /* the octet before was one */
	/* of a chunk: */
	uint64_t left;
	bool is_last;
	/*
	 * The chunk was read, and is not the last: listens until the next one
	 * begins, and sets left and is_last.  -1 when none comes.
	 */
	int (*next_chunk)(void *arg, struct text *t);
	void *arg;
};

/*
 * takes_lf as in smtpd/data.h.  The caller may set refuses_bare; the source
 * then fails once, as ERR_PERM, and goes on when it is drained.
 */
void text_init_data(
    struct text *t, struct conn *c, const struct patience *p, bool takes_lf);
struct source text_source_data(struct text *t);

/* The caller sets what belongs to a chunk. */
void text_init_chunks(struct text *t, struct conn *c, const struct patience *p);
struct source text_source_chunks(struct text *t);

/*
 * Reads what the client is about to say of it all the same, to the end of DATA
 * or of this chunk.  1 when that is more than who was refused is listened to
 * for, -1 with the connection's fault set when it has no end.
 */
int text_drain_data(struct text *t);
int text_drain_chunk(struct text *t);

#endif
