/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_BASE64URL_H
#define DELIVERY_BASE64URL_H

#include "common/buf.h"

/* base64 for addresses and tokens (RFC 4648 5), without padding. */

/* Appends p encoded; -1 when the cap of b is reached. */
int base64url_put(struct buf *b, const void *p, size_t n);

/*
 * Appends what n characters stand for; -1 when they are no such encoding, or
 * the cap of b is reached.
 */
int base64url_decode(struct buf *b, const char *p, size_t n);

#endif
