/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_OPENSSL_H
#define ADMIN_OPENSSL_H

#include "common/buf.h"

/*
 * openssl(1), for what this program does not do itself: it links no
 * cryptography, and reads no key (docs/architecture.md).
 */

/* Where it is, or NULL. */
const char *openssl_find(void);

/*
 * Runs it and takes what it says to standard output.  0, or -1 when it failed
 * or said more than out may hold.
 */
int openssl_read(const char *const *argv, struct buf *out);

#endif
