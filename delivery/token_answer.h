/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_ANSWER_H
#define DELIVERY_TOKEN_ANSWER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/proto_token.h"
#include "delivery/token_text.h"

/*
 * What a token endpoint says, strictly read: an object of JSON (RFC 8259)
 * without a name that comes twice, and nothing after it.
 */

/* A token (RFC 6749 5.1). */
struct token_answer {
	struct buf access;
	struct buf refresh; /* empty: none came */
	uint64_t lifetime_s;
};
void token_answer_init(struct token_answer *a);
void token_answer_wipe(struct token_answer *a);
int token_answer_parse(
    const char *body, size_t n, struct token_answer *a, struct err *e);

/* The beginning of a sign-in by device code (RFC 8628 3.2). */
struct token_device_answer {
	struct buf device_code;
	struct token_code code;
};
int token_answer_parse_device(
    const char *body, size_t n, struct token_device_answer *a, struct err *e);

/*
 * A refusal: fills error, aadsts and text of *x, from whatever it is.  x->http
 * is set.  False when it is no object of JSON with an error in it.
 */
bool token_answer_parse_refusal(const char *body, size_t n,
    struct token_failed *x, const struct token_hidden *hidden);

#endif
