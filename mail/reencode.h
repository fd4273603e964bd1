/* SPDX-License-Identifier: ISC */
#ifndef MAIL_REENCODE_H
#define MAIL_REENCODE_H

#include "mail/base64.h"
#include "mail/plan.h"
#include "mail/qp.h"
#include "mail/tidy.h"

/*
 * A body on its way out, changed as a plan says (mail/plan.h).  The plan is
 * of the same body, octet for octet; what it does not name passes untouched.
 * The outcome is the same every time.
 */
struct reencode {
	const struct plan *plan;
	struct tidy tidy; /* for the headers of parts */
	struct mime mime;
	struct buf *out;
	int how;      /* of the text that passes by; PLAN_KEEP... */
	bool is_open; /* the text has begun */
	int noted;    /* of the part that passes by */
	enum label_encoding encoding; /* of the same */
	struct qp qp;
	struct base64 base64;
	char last; /* octet that was put */
};

/* What n octets become at most, with headers of parts that were held. */
#define REENCODE_ROOM(n) (4 * (n) + 4 * HEADER_MAX)

/* root: as for the plan.  tidy: how domains become ASCII. */
void reencode_begin(struct reencode *r, const struct plan *plan,
    const struct label *root, const struct tidy *tidy);
void reencode_clear(struct reencode *r);

/* Each appends to out; -1 when its cap is reached. */
int reencode_put(struct reencode *r, const char *p, size_t n, struct buf *out);
int reencode_end(struct reencode *r, struct buf *out);

/* Makes the header of a part say what becomes of it: plan_of says that. */
void reencode_label(
    struct header *h, const struct label *l, int noted, bool is_7bit);

#endif
