/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TLS_IO_H
#define COMMON_TLS_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "common/err.h"
#include "common/tls_want.h"

/*
 * Octets through a session of OpenSSL, for client and server alike.  Nothing
 * here waits: a call that cannot go on says in *want what the socket has to be
 * ready for, and the caller waits under its own deadline.
 */

struct tls_io {
	SSL *ssl;
	bool is_broken; /* no close_notify after a fatal error */
};

/* RFC 3463: cryptographic failure. */
#define TLS_STATUS "4.7.5"

/*
 * The reason that OpenSSL queued last, and an empty queue.  It gives none when
 * there is none.
 */
const char *tls_io_reason(void);

/*
 * What an SSL call that returned rc <= 0 asks for: 0 with *want, which is
 * TLS_WANT_NOTHING at the end of input, also without close_notify; or -1 with
 * *e filled.
 */
int tls_io_judge(struct tls_io *t, int rc, enum tls_want *want, struct err *e);

/*
 * As read(2) and write(2): a count; 0 with *want TLS_WANT_NOTHING at the end of
 * input, or with another *want when it has to wait; -1 with *e filled.
 */
ssize_t tls_io_read(
    struct tls_io *t, void *p, size_t n, enum tls_want *want, struct err *e);
ssize_t tls_io_write(struct tls_io *t, const void *p, size_t n,
    enum tls_want *want, struct err *e);

/* Says close_notify where that is right, without a wait. */
void tls_io_close(struct tls_io *t);

#endif
