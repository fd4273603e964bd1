/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_TROUBLE_H
#define DELIVERY_TOKEN_TROUBLE_H

#include "common/proto_token.h"
#include "delivery/token_http.h"
#include "delivery/token_text.h"

/*
 * Words for a request that brought no token.  They leave alone what was known
 * before: asked_at, cert_until, and what has ended.
 */

/* Something failed here, or on the way. */
void token_trouble_local(
    struct token_failed *x, enum token_phase phase, const struct err *e);

/* The server answered something else than a token. */
void token_trouble_answer(struct token_failed *x,
    const struct token_http_answer *a, const struct token_ask *ask,
    const struct token_hidden *hidden, int64_t now);

/*
 * The server's clock and ours are far apart, which is why it took nothing, or
 * soon will be; said behind the meaning.
 */
void token_trouble_clock(struct token_failed *x);

#endif
