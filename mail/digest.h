/* SPDX-License-Identifier: ISC */
#ifndef MAIL_DIGEST_H
#define MAIL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/strlist.h"
#include "mail/dsn.h"

/*
 * A report: several notices (mail/dsn.h) as one message, each of them whole in
 * a multipart/digest (RFC 2046 5.1.5) behind a text for people.  Pure text, as
 * they are.
 *
 * That text says in a few lines what each notice is about.  They are written
 * when the notice is, and kept with it, so that nobody has to read them out of
 * its MIME parts: digest_note makes them, digest_put_head understands them.
 */
#define DIGEST_NOTE_MAX (16 * 1024)

/* Appends the lines; what b has no room for is left out. */
void digest_note(struct buf *b, const struct dsn *d);

struct digest {
	const char *from; /* From:, a whole mailbox */
	const struct strlist *to;
	const char *hostname;
	const char *message_id; /* with angle brackets */
	const char *boundary;   /* random: no notice was made knowing it */
	int64_t now;
	const char *const *notes; /* of each notice */
	size_t nnotes;
	unsigned limit; /* more than that came within an hour; 0: mail stood */
};

/*
 * The report comes piece by piece, since it may be large: a head with the text
 * for people, before each notice the line that begins its part, and an end.
 * Each returns -1 when b's cap is too small.
 */
int digest_put_head(struct buf *b, const struct digest *d);
int digest_put_next(struct buf *b, const struct digest *d);
int digest_put_end(struct buf *b, const struct digest *d);

#endif
