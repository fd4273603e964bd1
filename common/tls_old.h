/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TLS_OLD_H
#define COMMON_TLS_OLD_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "common/err.h"

/*
 * What TLS 1.0 and 1.1 need and OpenSSL's defaults refuse, for one context, and
 * no more than that: the handshake signature over MD5 and SHA-1 together, and,
 * from OpenSSL 3.1 on, the versions themselves.  The security level stays, and
 * with it the rules for certificates, keys and ciphers.  The highest version is
 * left alone, so that a server which knows better one shows when somebody
 * lowers it (RFC 8446 4.1.3).
 *
 * A client (of the legacy endpoint) does without static RSA, which has no
 * forward secrecy.  A server (of devices) takes it, since some have nothing
 * better, and signs with SHA-1 alone for those whose TLS 1.2 knows no more.
 */
struct tls_old {
	bool is_server;
	/* OpenSSL's own callback, which decides on all else */
	int (*rules)(const SSL *ssl, const SSL_CTX *ctx, int op, int bits,
	    int nid, void *other, void *ex);
};

/*
 * With old->is_server set.  *old stays where it is for as long as the context
 * is in use.
 */
int tls_old_admit(SSL_CTX *ctx, struct tls_old *old, struct err *e);

/* The rule itself: is this admitted whatever the level says? */
bool tls_old_admits(bool is_server, int op, int nid);

/*
 * Takes away what no version makes good: RC4, DES and triple DES, RC2, no
 * encryption, no authentication, and with these all of MD5; and static RSA
 * unless it is kept.  It brings back nothing that the context's own list lacks.
 */
int tls_old_weed(SSL_CTX *ctx, bool keeps_rsa, struct err *e);

#endif
