/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_DATA_H
#define SMTPD_DATA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The text that follows DATA (RFC 5321 4.5.2), as a stream: finds where it
 * ends, and takes away the dots that the client has put in front of lines.
 *
 * A line is what ends in CRLF, and a lone LF is text: whoever passes on text
 * of others, and knows CRLF alone, must not be made to end it early (that is
 * "SMTP smuggling").  Only for a client whose own lines end in LF alone, that
 * ends a line as well.
 *
 * Line ends leave as they came; mail/canon.c makes them CRLF.
 */
struct data {
	bool takes_lf; /* LF alone ends a line */
	bool ended;    /* the line of a single dot was read */
	enum {
		DATA_AT_START,  /* of a line, */
		DATA_AT_DOT,    /* whose dot is not written, */
		DATA_AT_DOT_CR, /* nor the CR behind that */
		DATA_IN_LINE,
		DATA_IN_LINE_CR /* a CR came last, and is written */
	} where;
};

void data_init(struct data *d, bool takes_lf);

/* What data_take may write for n octets. */
#define DATA_ROOM(n) ((n) + 1)

/*
 * Takes up to n octets, writes the text of them to out and its length to
 * *len.  Returns how many were taken: fewer only when the text has ended; the
 * next octet is then that of a command.
 */
size_t data_take(
    struct data *d, const char *p, size_t n, char *out, size_t *len);

#endif
