/* SPDX-License-Identifier: ISC */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "mail/label.h"

/*
 * The body of a message, cut into its parts while it passes by in pieces of any
 * size (RFC 2046).  Memory is one part's header and a few hundred octets a
 * level, however long the body.
 *
 * Invariant: the texts that are handed out, put one behind another, are the
 * body, octet for octet.  So nothing is ever lost, whatever it looks like: a
 * multipart that is never closed ends where what is around it ends, and what
 * cannot be read as parts is text of what is around it.
 *
 * The body is in canonical form.  The same body is cut alike every time,
 * however the pieces fall.
 */

#define MIME_NEST       16 /* multiparts and messages within one another */
#define MIME_HEADER_MAX (128 * 1024) /* a longer one of a part is text */

/* Behind "--", a boundary and "--": so many octets with blanks and CRLF. */
#define MIME_LINE_MAX (BOUNDARY_MAX + 64)

enum mime_kind {
	MIME_HEADER, /* of a part, whole, with the empty line if there is one */
	MIME_BODY,   /* of a part that has no parts */
	MIME_MARK,   /* a boundary: the CRLF before it, and its line */
	MIME_ASIDE   /* before the first boundary, or behind the last */
};

struct mime_piece {
	enum mime_kind kind;
	const char *p;
	size_t n;
	/*
	 * Parts are counted from 0, which is the message, in the order of
	 * their headers.  Of a mark and of an aside: the multipart's.
	 */
	size_t part;
	const struct label *label; /* with a header */
	bool is_behind;            /* an aside behind the last boundary */
};

/* One multipart or message whose parts are being read. */
struct mime_level {
	size_t part;
	bool is_multipart;
	bool is_digest, is_signed;
	bool is_closed; /* the last boundary was read */
	size_t nboundary;
	char boundary[BOUNDARY_MAX];
};

/*
 * Takes a piece, which is only there for the time of the call.  0 to go on, -1
 * to stop, and MIME_AS_TEXT, after a header alone, to have the part left whole
 * whatever it says of itself.
 */
#define MIME_AS_TEXT 1
typedef int mime_take(void *arg, const struct mime_piece *piece);

struct mime {
	mime_take *take;
	void *arg;
	struct mime_level levels[MIME_NEST];
	size_t nlevels; /* of what is being read, the innermost last */
	size_t parts;   /* headers seen, with the message's own */
	size_t part;    /* whose body is being read, unless is_aside */
	bool is_aside;
	bool in_header;
	bool at_start;           /* of a line, which may be a boundary */
	struct buf header, line; /* of the header that is being read */
	size_t fields;
	char held[MIME_LINE_MAX]; /* may be the beginning of a mark */
	size_t nheld;
};

/* Are the parts of a part with that label looked for, here? */
bool mime_has_parts(const struct mime *m, const struct label *l);

/* root is what the message's own header says; MIME_AS_TEXT or 0 after it. */
void mime_begin(struct mime *m, const struct label *root, int how,
    mime_take *take, void *arg);
void mime_clear(struct mime *m);

/* Each returns what take returned, 0 or -1. */
int mime_put(struct mime *m, const char *p, size_t n);
int mime_end(struct mime *m);

#endif
