/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_EXPLAIN_TOKEN_H
#define ADMIN_EXPLAIN_TOKEN_H

#include <stdbool.h>

#include "common/conf.h"

/*
 * Explains text if it is a token endpoint's refusal: one with a number of
 * Entra's, or that begins with a word of OAuth's.  c: NULL, or whose names go
 * into what there is to do.
 */
bool explain_token(const char *text, bool is_json, const struct conf *c);

#endif
