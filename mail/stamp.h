/* SPDX-License-Identifier: ISC */
#ifndef MAIL_STAMP_H
#define MAIL_STAMP_H

#include <stdint.h>

#include "common/proto_submit.h"
#include "mail/complete.h"
#include "mail/date.h"
#include "mail/msgid.h"

/*
 * What identifies a new message, and what a header without it is given.  The
 * dice, the clock, its zone and the host's name are arguments.
 */
struct stamp {
	struct submit_head head;
	char date[DATE_SIZE];
	char *message_id;
};

#define STAMP_RANDOM (SUBMIT_ID_LEN + MSGID_RANDOM)

/* Sets what *with says of it, too, which does not outlive it. */
void stamp_make(struct stamp *s, const uint8_t random[STAMP_RANDOM],
    int64_t now, int offset_min, const char *hostname, struct completion *with);
void stamp_clear(struct stamp *s);

#endif
