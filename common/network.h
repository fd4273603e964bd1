/* SPDX-License-Identifier: ISC */
#ifndef COMMON_NETWORK_H
#define COMMON_NETWORK_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Networks, as listen.allow names them: "192.0.2.0/24", "2001:db8::/32", or an
 * address alone.  An IPv4 address in an IPv6 one (::ffff:192.0.2.1) is an IPv4
 * address, wherever it comes from.
 */
struct network {
	int family; /* AF_INET, AF_INET6 */
	uint8_t address[16];
	unsigned bits;
};

/* -1 when it is none, or has bits behind its prefix: a mistake. */
int network_parse(const char *text, struct network *out);

/* Is that one, an address or less than all, in it? */
bool network_covers(const struct network *n, const struct network *one);

bool network_is_loopback(const struct network *n);

/* "0.0.0.0" or "::", by which a server takes all addresses of its host. */
bool network_is_any(const struct network *n);

/*
 * So large that no organisation has it: a part of the world's addresses, and
 * not of those that are never routed (RFC 4193, RFC 4291 2.5.6).
 */
bool network_is_world(const struct network *n);

/*
 * The address without its port, an IPv4 one as such; AF_UNSPEC for any other
 * kind.  For comparing, and as the key of a table.
 */
struct network network_of(const struct sockaddr *address);

/*
 * What one client has: its IPv4 address, or the /64 of an IPv6 one, since
 * whoever has one address of that has them all.
 */
struct network network_around(const struct network *address);

/* As text: "192.0.2.1". */
#define NETWORK_TEXT 64
void network_format(const struct network *n, char out[NETWORK_TEXT]);

#endif
