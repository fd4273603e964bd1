/* SPDX-License-Identifier: ISC */
#ifndef MAIL_CANON_H
#define MAIL_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * Brings what programs write on our standard input into canonical form, as a
 * stream: lines end in CRLF, and there is no other CR or LF and no NUL.
 *
 *	LF, CRLF, CR CR LF	one line end
 *	CR alone		a blank in the header, a line end in the body
 *	NUL			dropped and counted
 *	last line without end	gets one
 *
 * A blank, since a CR must not make a header field of what follows it; the
 * header ends for this purpose with the first empty line.
 */

enum canon_dot {
	CANON_DOT_IS_TEXT, /* sendmail -i */
	CANON_DOT_ENDS     /* a line of a single dot ends the text */
};

struct canon {
	enum canon_dot mode;
	uint64_t nuls;      /* octets dropped */
	uint64_t discarded; /* octets that came after the dot */
	bool ended;         /* by a dot */
	/* private: where in the text we are */
	bool in_header;
	bool at_start; /* of a line, nothing of it written */
	bool held_dot; /* the line is "." so far, not written yet */
	unsigned crs;  /* CRs that came last, not yet judged */
};

void canon_init(struct canon *c, enum canon_dot mode);

/* What canon_put may append for n octets more, and canon_end for none. */
#define CANON_ROOM(n) (2 * (n) + 8)

/*
 * Appends the canonical form of the next n octets.  -1 when out cannot take
 * it; then the stream is spoilt.
 */
int canon_put(struct canon *c, const char *p, size_t n, struct buf *out);

/* The text ends here. */
int canon_end(struct canon *c, struct buf *out);

/*
 * How many of the next n octets of a text are in canonical form, from their
 * start.  *last is the octet before them: '\n' where the text begins.
 */
size_t canon_span(const char *p, size_t n, char *last);

#endif
