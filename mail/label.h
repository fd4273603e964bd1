/* SPDX-License-Identifier: ISC */
#ifndef MAIL_LABEL_H
#define MAIL_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/header.h"

/*
 * What a message, or a part of one, says of itself: Content-Type and
 * Content-Transfer-Encoding (RFC 2045).
 */

enum label_type {
	LABEL_TEXT,      /* text/..., nothing said, other messages: reports */
	LABEL_OTHER,     /* image/..., application/... */
	LABEL_MULTIPART, /* parts between boundaries */
	LABEL_MESSAGE /* message/rfc822 and message/global: a header follows */
};

enum label_encoding {
	ENCODING_NONE, /* nothing said: 7bit */
	ENCODING_7BIT, /* this and the next two: the octets are the content */
	ENCODING_8BIT,
	ENCODING_BINARY,
	ENCODING_QP,
	ENCODING_BASE64,
	ENCODING_OTHER /* a name that we do not know */
};

/*
 * RFC 2046 5.1.1 allows 70 octets.  Who writes longer ones is understood as
 * well.
 */
#define BOUNDARY_MAX 250

struct label {
	enum label_type type;
	enum label_encoding encoding;
	bool has_type;    /* there is a Content-Type */
	bool is_digest;   /* multipart/digest: its parts are messages */
	bool is_signed;   /* multipart/signed */
	size_t nboundary; /* 0: there is none, or none that is of use */
	char boundary[BOUNDARY_MAX];
};

/* in_digest: without a Content-Type it is a message (RFC 2046 5.1.5). */
void label_read(struct label *l, const struct header *h, bool in_digest);

/* Is the content what stands there, octet for octet? */
bool label_is_plain(const struct label *l);

/* One field says so; others of the name are taken out. */
void label_set_encoding(struct header *h, enum label_encoding encoding);

/* The same: text/plain with that charset. */
void label_set_text(struct header *h, const char *charset);

/* What makes it a MIME message: "MIME-Version: 1.0".  Was it missing? */
bool label_set_version(struct header *h);

#endif
