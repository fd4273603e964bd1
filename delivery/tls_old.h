/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TLS_OLD_H
#define DELIVERY_TLS_OLD_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "common/err.h"

/*
 * What TLS 1.0 and 1.1 need and OpenSSL's defaults refuse, for one context, and
 * no more than that: the handshake signature over MD5 and SHA-1 together, and,
 * from OpenSSL 3.1 on, the versions themselves.  The security level stays, and
 * with it the rules for certificates, keys and ciphers.  Of the ciphers that
 * the system allows, those go that have no forward secrecy (static RSA), RC4
 * and triple DES.  The highest version is left alone, so that a server which
 * knows better one shows when somebody lowers it (RFC 8446 4.1.3).
 */
struct tls_old {
	/* OpenSSL's own callback, which decides on all else */
	int (*rules)(const SSL *ssl, const SSL_CTX *ctx, int op, int bits,
	    int nid, void *other, void *ex);
};

/* *old stays where it is for as long as the context is in use. */
int tls_old_admit(SSL_CTX *ctx, struct tls_old *old, struct err *e);

/* The rule itself: is this admitted whatever the level says? */
bool tls_old_admits(int op, int nid);

#endif
