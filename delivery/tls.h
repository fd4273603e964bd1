/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TLS_H
#define DELIVERY_TLS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/tls_want.h"

/*
 * TLS.  Every session has its chain and host name verified; there is no option
 * to do without.
 *
 * Nothing here waits: a call that cannot go on says in *want what the socket
 * has to be ready for, and conn.c waits under its deadline.
 */

struct trust;
struct tls_policy; /* made before the sandbox, while files can be opened */
struct tls;        /* one session */

/*
 * min is 12 or 13; or 10, for the legacy endpoint: what that admits beyond the
 * usual is in delivery/tls_old.h.
 */
struct tls_policy *tls_policy_new(
    unsigned min, const struct trust *t, struct err *e);
void tls_policy_free(struct tls_policy *p);

/*
 * A ticket of an earlier session, which spares both ends the certificates.  It
 * is used only with the host, the trust store and the least version that it
 * was given under; any other is ignored, and so is what is no ticket.
 */
void tls_policy_resume(struct tls_policy *p, const void *ticket, size_t n);

/* A session over fd with the server of that name (or numeric address). */
struct tls *tls_new(
    const struct tls_policy *p, int fd, const char *host, struct err *e);
void tls_free(struct tls *t); /* NULL is fine; says close_notify, no wait */

/*
 * 1 when the handshake is done and everything about it was verified; 0 with
 * *want; -1 with *e filled.
 */
int tls_handshake(struct tls *t, enum tls_want *want, struct err *e);

/*
 * As read(2) and write(2): a count; 0 with *want TLS_WANT_NOTHING at the end of
 * input, or with another *want when it has to wait; -1 with *e filled.
 */
ssize_t tls_read(
    struct tls *t, void *p, size_t n, enum tls_want *want, struct err *e);
ssize_t tls_write(
    struct tls *t, const void *p, size_t n, enum tls_want *want, struct err *e);

/* The latest ticket of this session; empty until there is one.  A secret. */
const struct buf *tls_ticket(const struct tls *t);

/*
 * After a handshake that failed: did the server end it, before any certificate,
 * as one does that knows no TLS 1.2 (delivery/tls_seen.h)?
 */
bool tls_is_old(const struct tls *t);

const char *tls_version(const struct tls *t); /* "TLSv1.3" */
unsigned tls_level(const struct tls *t);      /* 13 */
const char *tls_cipher(const struct tls *t);

/*
 * Of the server's certificate: when it is over (0: not known), and who signed
 * it, in printable ASCII.
 */
int64_t tls_certificate(const struct tls *t, char *issuer, size_t size);

#endif
