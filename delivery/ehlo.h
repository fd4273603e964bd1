/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_EHLO_H
#define DELIVERY_EHLO_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a server offers in its answer to EHLO (RFC 5321 4.1.1.1), by whole
 * word.  What is not known is ignored.  An answer given before TLS counts for
 * nothing after it.
 */

#define EHLO_STARTTLS   (1U << 0)
#define EHLO_AUTH       (1U << 1)
#define EHLO_PIPELINING (1U << 2)
#define EHLO_SIZE       (1U << 3)
#define EHLO_8BITMIME   (1U << 4)
#define EHLO_SMTPUTF8   (1U << 5)
#define EHLO_DSN        (1U << 6)
#define EHLO_CHUNKING   (1U << 7)

/* Bits of mechs. */
#define EHLO_LOGIN   (1U << 0)
#define EHLO_PLAIN   (1U << 1)
#define EHLO_XOAUTH2 (1U << 2)

struct ehlo {
	unsigned offers;
	unsigned mechs;
	uint64_t size_max;    /* of SIZE; 0: no limit was told */
	char mech_names[128]; /* what stood after AUTH, for an error message */
	char words[512];      /* the lines, by commas, as far as they fit */
};

/*
 * Reads the text of a reply, lines joined by LF; the first line is the
 * server's name and greeting.  Allocates nothing.
 */
void ehlo_parse(const char *p, size_t n, struct ehlo *out);

#endif
