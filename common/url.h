/* SPDX-License-Identifier: ISC */
#ifndef COMMON_URL_H
#define COMMON_URL_H

#include <stdbool.h>

#include "common/err.h"

/*
 * The few addresses that we ask: of token endpoints and of a proxy.  They come
 * from the configuration, and what is unusual in one is a mistake.
 */
struct url {
	bool is_https;
	char host[256]; /* no brackets */
	bool is_ipv6;
	unsigned port;
	const char *path; /* in the text given: from "/" or "?" on, or "" */
};

/*
 * Takes http://host[:port][/path] apart.  -1 with *e filled (ERR_LOCAL) when it
 * is no such address, or holds a user or password, a fragment, or octets that
 * belong in none.
 */
int url_parse(const char *text, struct url *u, struct err *e);

/* What Azure gives to the machines in it; it has no TLS and needs no proxy. */
#define URL_IMDS_HOST "169.254.169.254"
#define URL_IMDS      "http://" URL_IMDS_HOST "/metadata/identity/oauth2/token"

/*
 * May a managed identity be asked for there without TLS?  At Azure's fixed
 * address, and on this very host.
 */
bool url_is_local(const struct url *u);

#endif
