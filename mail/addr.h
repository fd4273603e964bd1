/* SPDX-License-Identifier: ISC */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/strlist.h"

/*
 * Addresses: lists of mailboxes as they stand in header fields and on command
 * lines (RFC 5322 3.4, with the obsolete and the merely usual forms), and
 * paths of the envelope (RFC 5321 4.1.2).  Nothing here needs a NUL at the end
 * of its input.
 */

#define ADDR_MAX  254 /* RFC 5321 4.5.3.1.3, without the angle brackets */
#define LOCAL_MAX 64  /* RFC 5321 4.5.3.1.1 */

/* One mailbox of a list. */
struct mailbox {
	char *display; /* decoded of quoting, not of RFC 2047; or NULL */
	char *comment; /* "Cron Daemon" of "root (Cron Daemon)"; or NULL */
	char *address; /* "local@domain", or "local" alone; quoted if need be */
	size_t start;  /* octets of the text that this mailbox takes: */
	size_t end;    /* [start, end), without the commas around */
	size_t addr_start, addr_end; /* of the address alone, in the text */
};

struct mailboxes {
	struct mailbox *v;
	size_t n;
	struct strlist bad; /* what stood between commas and was none */
};

#define MAILBOXES_MAX 100000 /* read from one text; as SUBMIT_RCPTS_MAX */

/*
 * Reads a list: commas or semicolons between mailboxes, groups, comments,
 * quoted strings, source routes (dropped), display names with RFC 2047 words,
 * blanks between bare addresses.  Returns 0; what cannot be read is in bad and
 * the rest is there all the same.  Returns -1 only when there are more than
 * MAILBOXES_MAX; then bad says so, too.  An empty list is no error.
 */
int mailboxes_parse(const char *p, size_t n, struct mailboxes *out);
void mailboxes_clear(struct mailboxes *m);

/*
 * Judges one envelope address, "local@domain" or "local": no control bytes, no
 * blanks outside quotes, lengths, a domain of labels or an address literal.
 * UTF-8 is admitted (RFC 6531) and told by *is_utf8, which may be NULL.  A
 * bare "local" may begin with a backslash ("\\root" means no alias), but is no
 * command, file or list ("|x", "/x", ":include:x").
 * -1 with *e filled: ERR_PERM, status 5.1.3 (recipient) or 5.1.7 as given.
 */
int addr_check(
    const char *address, const char *status, bool *is_utf8, struct err *e);

/* Where the domain starts (after the last "@" outside quotes), or NULL. */
const char *addr_domain(const char *address);

/* Same mailbox: domains by case-less comparison, local parts as well. */
bool addr_equal(const char *a, const char *b);

/*
 * Does an address match a pattern of the configuration: "user@domain",
 * "@domain", "*@*.domain", "*"; case ignored.
 */
bool addr_match(const char *pattern, const char *address);
bool addr_match_any(const struct strlist *patterns, const char *address);

/* Appends display as RFC 5322 phrase: plain, quoted or RFC 2047 words. */
int addr_put_phrase(struct buf *b, const char *display);

#endif
