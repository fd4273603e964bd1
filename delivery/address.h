/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_ADDRESS_H
#define DELIVERY_ADDRESS_H

#include <sys/socket.h>

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

/* What failed, as RFC 3463 numbers it. */
#define RESOLVE_NO_HOST   "4.4.1" /* no address takes the connection */
#define RESOLVE_NO_ANSWER "4.4.3" /* the name service fails */
#define RESOLVE_NO_NAME   "4.4.4" /* it says that there is no such name */

/* The addresses of a host, for freeaddrinfo; -1 with *e filled (ERR_TEMP). */
int address_find(const char *host, unsigned number, enum conf_family family,
    struct addrinfo **found, struct err *e);

/* "192.0.2.1:25" or "[2001:db8::1]:25" */
void address_format(const struct addrinfo *a, char *out, size_t size);

bool address_is_loopback(const struct sockaddr *sa);

/*
 * A connected socket that does not block, or -1 with errno.  When the other end
 * of watch goes away, the try ends: ECANCELED.
 */
int address_connect(const struct addrinfo *a, int watch, int64_t deadline_ms);

#endif
