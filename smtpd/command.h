/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A command line of SMTP (RFC 5321 4.1.1) taken apart, without judging what it
 * says.  Nothing is copied, changed or allocated.
 */

enum verb {
	VERB_UNKNOWN,
	VERB_ABSENT,  /* known to the world, and not done here */
	VERB_FOREIGN, /* of HTTP: a browser was made to come here; whatever
		       * else the line holds */
	VERB_HELO,
	VERB_EHLO,
	VERB_AUTH,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_BDAT,
	VERB_RSET,
	VERB_NOOP,
	VERB_VRFY,
	VERB_HELP,
	VERB_QUIT,
	VERB_STARTTLS,
	VERB_MALFORMED /* holds control characters */
};

/* A part of the line. */
struct span {
	const char *p;
	size_t n;
};

struct command {
	enum verb verb;
	struct span arg; /* what follows the verb, without blanks around */
};

/* The line comes without its line end. */
void command_parse(const char *p, size_t n, struct command *out);

/*
 * Of a line that is no command: VERB_DATA or VERB_BDAT when its client may have
 * meant that, so that what follows may be a text; else VERB_UNKNOWN.  Looked
 * for at its beginning and behind each control character, in spite of what
 * stands before, amid and behind the word.
 */
enum verb command_text(const char *p, size_t n);

/*
 * Splits the argument of MAIL or RCPT: word is "FROM" or "TO".  *address is
 * what stands between the angle brackets, without a source route; either they
 * or the colon may be missing.  *params is what follows.  -1 when the argument
 * has not this form.
 */
int command_path(const struct span *arg, const char *word, struct span *address,
    struct span *params);

/*
 * Reads the argument of BDAT: the octets of a chunk, and whether LAST stands
 * behind them.  -1 when it has not this form, or no file is that large.
 */
int command_chunk(const struct span *arg, uint64_t *size, bool *is_last);

#endif
