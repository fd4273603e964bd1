/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_TLS_H
#define SMTPD_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/proto_pair.h"
#include "smtpd/pipe.h"

/*
 * TLS with the clients of a listener.
 *
 * Below version 1.2 the listener admits what old devices need
 * (common/tls_old.h), and the system's own configuration of OpenSSL is not
 * read: who has written tls_min = 1.0 for this listener means it, whatever is
 * the least for all other programs.  From 1.2 on that configuration holds,
 * which may ask for more.  In no version is there RC4, DES, MD5, or a session
 * without encryption or a certificate; nor renegotiation, compression or
 * tickets.
 */
struct tls_rules; /* made before the sandbox */
struct tls;       /* a session */

/*
 * min is 10 to 13.  -1 with *e filled (ERR_LOCAL) when this certificate and key
 * cannot serve.  The first call decides whether OpenSSL's configuration is read
 * by this process.
 */
struct tls_rules *tls_rules_new(
    unsigned min, const struct pair *p, struct err *e);

/*
 * Does what takes OpenSSL long and knows no key, for copies of this process
 * that make rules of this min, or of another on the same side of 12.  Random
 * numbers are in it, which OpenSSL seeds anew in each copy.
 */
void tls_rules_prepare(unsigned min);
void tls_rules_free(struct tls_rules *r);

/* What may be worth a warning of a pair that can serve; "" if nothing is. */
void tls_rules_judge(const struct tls_rules *r, struct pair_judged *j);

/*
 * The handshake with a client on a socket, both ends of which it is, and which
 * does not block from then on.
 * NULL with *e filled: it did not succeed, and nothing can be said to the
 * client any more.  *is_silent: it has left without an octet, as those do who
 * look whether a port is open.
 */
struct tls *tls_accept(const struct tls_rules *r, const struct pipe_ends *ends,
    int64_t deadline_ms, bool *is_silent, struct err *e);
void tls_free(struct tls *t); /* NULL is fine; says close_notify, no wait */

struct io tls_io(struct tls *t);
const char *tls_version(const struct tls *t); /* "TLSv1.3" */
const char *tls_cipher(const struct tls *t);

#endif
