/* SPDX-License-Identifier: ISC */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include <stddef.h>
#include <stdint.h>

/*
 * Message-IDs (RFC 5322 3.6.4).  The dice, the clock and the host's name are
 * arguments.
 */

#define MSGID_RANDOM 10 /* octets: 80 bits, so that no two ids ever agree */

/*
 * "<20261123212034.0123456789ABCDEF0123@web01.example.com>", allocated, for
 * the caller to free.  hostname may be an address literal; what may not stand
 * in an id becomes "-", and an empty name "localhost".
 */
char *msgid_make(
    const uint8_t random[MSGID_RANDOM], int64_t now, const char *hostname);

#endif
