/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TOKEN_CHILD_H
#define QUEUE_TOKEN_CHILD_H

#include <stdint.h>

#include "common/conf.h"
#include "queue/vault.h"

/*
 * The parent's side of the secret channel of the program token
 * (common/proto_token.h): single octets come, descriptors go.
 */
struct token_child {
	uint32_t account;
	int place; /* memory handed out and not yet kept; or -1 */
};

/*
 * Answers one octet; -1 when the channel is to be closed, since the octet is
 * none of the contract or the answer could not be sent.
 */
int token_child_serve(struct token_child *t, char octet, int sock,
    const struct conf *conf, struct vault *vault);

/* It has ended. */
void token_child_clear(struct token_child *t);

#endif
