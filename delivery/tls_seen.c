/* SPDX-License-Identifier: ISC */
/* Does a handshake end as with a server that knows no TLS 1.2?  Pure. */
#include "config.h"

#include <string.h>

#include <openssl/ssl.h>

#include "delivery/tls_seen.h"

/* A ServerHello: type, length of three octets, version, random, ... */
#define VERSION_AT  4
#define SENTINEL_AT 30 /* the last eight octets of the random */
#define HELLO_MIN   38

void
tls_seen_message(struct tls_seen *s, const unsigned char *p, size_t n)
{
	if (n == 0)
		return;
	if (p[0] == SSL3_MT_CERTIFICATE)
		s->certificate = true;
	if (p[0] != SSL3_MT_SERVER_HELLO || n < HELLO_MIN)
		return;
	s->hello = (unsigned)p[VERSION_AT] << 8 | p[VERSION_AT + 1];
	s->can_more = memcmp(p + SENTINEL_AT, "DOWNGRD", 7) == 0;
}

bool
tls_seen_is_old(const struct tls_seen *s, int why)
{
	if (s->certificate || s->can_more || s->hello >= TLS1_2_VERSION)
		return false;
	switch (why) {
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return true;
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return s->hello != 0;
	default:
		return false;
	}
}
