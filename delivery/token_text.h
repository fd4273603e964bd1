/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_TEXT_H
#define DELIVERY_TOKEN_TEXT_H

#include <stddef.h>

#include "common/buf.h"

/* Whatever must not be shown; each may be empty. */
struct token_hidden {
	const struct buf *v[4];
	size_t n;
};

/*
 * A server's text as it may be shown: in one line, without controls and what is
 * no UTF-8, cut to size; and without our secrets, which a server could say back
 * to us.
 */
void token_text_put(
    char *out, size_t size, const char *text, const struct token_hidden *h);

#endif
