/* SPDX-License-Identifier: ISC */
#ifndef COMMON_ENVELOPE_H
#define COMMON_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strlist.h"

/*
 * What travels with a message but is not in it (RFC 5321 2.3.1), as the front
 * end hands it to the daemon and the daemon to the delivering program.  All
 * strings are allocated and owned by the struct; NULL means "not given".
 */

enum body_type {
	BODY_UNKNOWN,
	BODY_7BIT,
	BODY_8BITMIME /* RFC 6152 */
};

enum dsn_ret { /* RFC 3461 4.3 */
	RET_UNSET,
	RET_FULL,
	RET_HDRS
};

/* RFC 3461 4.1, as bits; 0 means that the sender said nothing. */
#define NOTIFY_NEVER   1U
#define NOTIFY_SUCCESS 2U
#define NOTIFY_FAILURE 4U
#define NOTIFY_DELAY   8U

struct envelope_rcpt {
	char *address; /* without angle brackets */
	bool is_local; /* it has no domain; the daemon sees for itself */
	unsigned notify;
	char *orcpt; /* "rfc822;..." with its xtext, or NULL */
};

/*
 * In whose name a message says that it is, beside the first address of From:
 * the other addresses there, and those of Sender.  A listener's rules are for
 * all of them; from nobody else are they told.
 */
#define AUTHORS_MAX 64

struct authors {
	struct strlist others;
	bool has_unread; /* and what is no address, or more of them */
};

struct envelope {
	char *sender;         /* "" is the null sender */
	bool sender_is_local; /* likewise */
	struct envelope_rcpt *rcpts;
	size_t nrcpts;
	enum body_type body;
	bool smtputf8;
	enum dsn_ret ret;
	char *envid;
	char *from;       /* first address of From:; bare: a local user */
	char *message_id; /* with its angle brackets */
	struct authors authors;
};

void envelope_init(struct envelope *env);
void envelope_clear(struct envelope *env);

/*
 * text for a member of an envelope, copied: NULL when it is NULL, empty, too
 * long, or holds control characters, since the contracts take none.
 */
char *envelope_text(const char *text);

/* Adds one recipient; address is copied.  The place holds until the next. */
struct envelope_rcpt *envelope_add(struct envelope *env, const char *address);

#endif
