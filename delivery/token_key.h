/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_KEY_H
#define DELIVERY_TOKEN_KEY_H

#include <stdint.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/err.h"

/*
 * A certificate with its private key, and the client assertions that it makes:
 * signed statements of who asks (RFC 7523), as Microsoft wants them.
 */
struct token_key;

/*
 * Takes both from PEM.  names are those of the files, for messages.  Refused
 * (ERR_LOCAL): what is no PEM, a key that is encrypted, that is not RSA, that
 * is shorter than Entra takes, or that is another certificate's.
 */
struct token_key_files {
	const struct buf *certificate, *key;
	const char *certificate_name, *key_name;
};
struct token_key *token_key_new(
    const struct token_key_files *files, struct err *e);
void token_key_free(struct token_key *k);

/* When the certificate begins and ends, in seconds since 1970. */
int64_t token_key_since(const struct token_key *k);
int64_t token_key_until(const struct token_key *k);

/* Appends an assertion that is good for 10 minutes from now on. */
struct token_assertion {
	enum conf_assertion algorithm;
	const char *audience; /* the token endpoint */
	const char *client_id;
	int64_t now;
};
int token_key_assert(const struct token_key *k, const struct token_assertion *a,
    struct buf *b, struct err *e);

#endif
