/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_TLSMEET_H
#define TESTS_UNIT_TLSMEET_H

#include <sys/types.h>

#include <openssl/ssl.h>

#include "smtpd/tls.h"

/* A listener that meets a client, which is a child of the test. */

#define TEST_MS 20000

/* What the client does. */
struct as {
	int version;         /* the one it speaks; 0: any */
	const char *ciphers; /* of it; NULL: the usual */
	const char *signatures;
	int (*act)(SSL *ssl, int fd); /* behind the handshake */
};

/* Both ends of a socket, without a channel. */
#define ENDS(fd) (&(const struct pipe_ends){ (fd), (fd), NULL })

struct meeting {
	struct tls_rules *rules;
	struct tls *tls;
	pid_t client;
	int fd; /* of the server */
	bool is_silent;
	struct err e;
};

/* 0 when the handshake succeeds. */
int meet(
    struct meeting *m, unsigned min, const struct pair *p, const struct as *as);

/* The client's exit status. */
int part(struct meeting *m);

/* All of it: name is that of the version, why a part of the reason. */
void meets(
    unsigned min, const struct pair *p, const struct as *as, const char *name);
void does_not_meet(
    unsigned min, const struct pair *p, const struct as *as, const char *why);

#endif
