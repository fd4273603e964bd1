/* SPDX-License-Identifier: ISC */
#ifndef COMMON_TLS_WANT_H
#define COMMON_TLS_WANT_H

/* What the socket has to be ready for before TLS can go on. */
enum tls_want {
	TLS_WANT_NOTHING,
	TLS_WANT_READ,
	TLS_WANT_WRITE
};

#endif
