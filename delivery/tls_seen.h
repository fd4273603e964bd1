/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TLS_SEEN_H
#define DELIVERY_TLS_SEEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a server has said of itself in a handshake, and whether its end looks
 * like that of one which knows no TLS 1.2.  Nothing of this is proved: it comes
 * before any certificate, and whoever sits on the path can say it.
 */
struct tls_seen {
	unsigned hello; /* version of the ServerHello; 0: none came */
	bool can_more;  /* which says by RFC 8446 4.1.3 that it knows 1.2 */
	bool certificate;
};

/* A handshake message of the server's, with its header. */
void tls_seen_message(struct tls_seen *s, const unsigned char *p, size_t n);

/*
 * The handshake has failed, for OpenSSL's reason why: was it, before any
 * certificate, by alert 70 (protocol version), by alert 40 (handshake failure:
 * all that a client sees of "no shared cipher"), or since the ServerHello is
 * below 1.2?  A server that has agreed to 1.2 knows it, whatever comes next.
 */
bool tls_seen_is_old(const struct tls_seen *s, int why);

#endif
