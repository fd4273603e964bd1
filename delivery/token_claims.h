/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_CLAIMS_H
#define DELIVERY_TOKEN_CLAIMS_H

#include <stddef.h>

#include "common/proto_token.h"

/*
 * What an access token says of itself.  It is not ours to judge, and its
 * signature is not looked at: this only tells people why the mail server might
 * refuse it.  A token that is no JWT, or says something else, gives nothing.
 */
void token_claims_parse(const char *token, size_t n, struct token_claims *out);

/*
 * Fills doubt and fix of *g when its claims make a refusal likely; asked is
 * what was asked for.
 */
void token_claims_doubt(const struct token_ask *asked, struct token_granted *g);

#endif
