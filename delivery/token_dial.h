/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_DIAL_H
#define DELIVERY_TOKEN_DIAL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

/*
 * Connections to one host, made outside of the sandbox and used in it.  One is
 * enough for a token.  A sign-in by device code asks again and again over a
 * quarter of an hour: for that a child process is left outside that does
 * nothing but connect to the addresses found at the start, when asked by one
 * octet, and pass the socket on.  It never sees a secret, nor what is said.
 */
struct token_dial {
	char host[256];
	unsigned port;
	char address[64]; /* the one that answered: numeric, no port */
	int fd;           /* connected and not yet taken; or -1 */
	int helper;       /* the child's socket; or -1 */
	pid_t pid;
};

struct token_dial_to {
	const char *host;
	unsigned port;
	enum conf_family family;
	int watch; /* its end ends each try */
	int64_t connect_ms;
	int64_t deadline_ms; /* monotonic */
	bool is_repeated;
};

/* -1 with *e filled (ERR_TEMP; ERR_LOCAL with 4.3.2 when watch ended). */
int token_dial_open(
    struct token_dial *d, const struct token_dial_to *to, struct err *e);

/* A connected socket, now the caller's; or -1. */
int token_dial_take(struct token_dial *d);
void token_dial_close(struct token_dial *d);

#endif
