/* SPDX-License-Identifier: ISC */
#ifndef MAIL_PLAN_H
#define MAIL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "mail/look.h"
#include "mail/mime.h"

/*
 * What has to be done to a body that cannot travel as it is: it passes by once,
 * and for each part is noted what mail/reencode.h does to it when it passes by
 * again.  A part is touched only when something in it forces that: a line of
 * more than 998 octets, or octets beyond ASCII where none may be.
 */

#define PLAN_PARTS_MAX 10000 /* beyond, what is always right is done */

/* One octet a part: what becomes of it, and flags. */
enum {
	PLAN_KEEP,          /* nothing */
	PLAN_QP,            /* encode its content */
	PLAN_BASE64,        /* the same */
	PLAN_QP_REWRAP,     /* is quoted-printable: shorten its lines */
	PLAN_BASE64_REWRAP, /* is base64: the same */
	PLAN_INSIDE,        /* has parts, and something in it is touched */
	PLAN_HOW = 0x07,
	/* With one of those that encode. */
	PLAN_AS_TEXT = 0x08, /* says it has parts, but they cannot be found */
	PLAN_ASCII = 0x10,   /* what its octets are, if it does not say it */
	PLAN_UTF8 = 0x20,
	/* With PLAN_INSIDE. */
	PLAN_BEFORE = 0x40, /* encode what stands before the first boundary */
	PLAN_BEHIND = 0x80  /* encode what stands behind the last */
};

struct plan {
	bool is_7bit; /* nothing beyond ASCII may be left */
	struct mime mime;
	struct buf parts; /* the octets */

	/* The text that is passing by. */
	struct label label; /* of its part */
	struct look look;
	size_t escapes; /* octets that quoted-printable makes three of */
	size_t part;
	bool is_aside, is_behind;

	/* What was found. */
	size_t touched;     /* texts and headers that are written anew */
	bool has_eight;     /* octets beyond ASCII were a reason */
	bool has_long;      /* lines were */
	bool leaves_eight;  /* some octets beyond ASCII stay */
	bool breaks_signed; /* something in a multipart/signed is touched */
	bool loses_parts;   /* some part is sent as text */
};

void plan_begin(struct plan *p, const struct label *root, bool is_7bit);
void plan_clear(struct plan *p);

void plan_put(struct plan *p, const char *text, size_t n);
void plan_end(struct plan *p);

/* What was noted for a part; -1: it is one beyond PLAN_PARTS_MAX. */
int plan_of(const struct plan *p, size_t part);

#endif
