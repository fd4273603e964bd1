/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_PAIR_H
#define COMMON_PROTO_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/frame.h"

/*
 * A listener's certificates and their private key, as their files have them, on
 * their way from mailchuted's parent to an smtpd; and what an smtpd that was
 * started to look at them (smtpd -c) says of them.  The parent does not look
 * into them: it links no OpenSSL.
 */
#define PAIR_FILE_MAX   (48 * 1024) /* octets of either file */
#define PAIR_FRAME_MAX  (2 * PAIR_FILE_MAX + 1024)
#define PAIR_TEXT       256
#define PAIR_JUDGED_MAX 4096 /* the whole frame */

struct pair {
	struct buf certificate; /* PEM: the host's own first */
	struct buf key;         /* PEM; a secret */
};

void pair_init(struct pair *p);
void pair_wipe(struct pair *p); /* as pair_init, and nothing is left of it */

/* A frame LISTEN_PAIR; -1 when b's cap is reached. */
int pair_put(struct buf *b, const struct pair *p);

/* Into a pair that was just initialised; -1 with *e filled, and it is empty. */
int pair_get(const struct frame *f, struct pair *p, struct err *e);

struct pair_judged {
	bool is_good;         /* it can be used */
	char text[PAIR_TEXT]; /* why not; or what is worth a warning, or "" */
	int64_t until;        /* when the first certificate is over */
};

/* A frame LISTEN_JUDGED. */
int pair_judged_put(struct buf *b, const struct pair_judged *j);
int pair_judged_get(
    const struct frame *f, struct pair_judged *j, struct err *e);

#endif
