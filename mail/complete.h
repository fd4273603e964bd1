/* SPDX-License-Identifier: ISC */
#ifndef MAIL_COMPLETE_H
#define MAIL_COMPLETE_H

#include <stdbool.h>

#include "common/envelope.h"
#include "common/strlist.h"
#include "mail/header.h"
#include "mail/rewrite.h"

/*
 * Makes a header fit to travel: adds what is missing, takes out what must not
 * leave, and gives names without a domain the host's.
 */
struct completion {
	/* What a field that is missing gets; computed by the caller. */
	const char *date;       /* RFC 5322 date and time */
	const char *message_id; /* with its angle brackets */
	const char *domain;     /* for addresses without one */

	/*
	 * The author where From is missing: an address, bare or not, and a
	 * display name or "".  Called at most once, since finding them out
	 * may take a look-up.
	 */
	void (*author)(void *arg, const char **address, const char **name);
	void *arg;

	/*
	 * The sender that takes the place of whatever From says
	 * (mail/rewrite.h: a mailbox, and REWRITE_ALWAYS); NULL: of none.
	 */
	const struct rewrite_rules *forced;
};

/* What was found in the header, for the envelope. */
struct completed {
	struct strlist recipients; /* values of To, Cc, Bcc, or of Resent-* */
	char *from;                /* first address of From, as given */
	struct authors authors;    /* beside it, as given */
	char *message_id;
};

void completed_clear(struct completed *c);

/* Changes *h and fills *out. */
void complete_header(
    struct header *h, const struct completion *with, struct completed *out);

#endif
