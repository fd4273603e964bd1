/* SPDX-License-Identifier: ISC */
/* The access token of a hostile server: its middle part, as it comes. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/base64url.h"
#include "delivery/token_claims.h"

#include "tests/fuzz/fuzz.h"

static void
check(const char *token, size_t n)
{
	struct token_granted g;
	struct token_ask ask;
	struct buf b;

	memset(&g, 0, sizeof(g));
	memset(&ask, 0, sizeof(ask));
	token_claims_parse(token, n, &g.claims);
	token_claims_doubt(&ask, &g);
	/* Whatever was read has its place in a frame. */
	g.lifetime_s = 1;
	buf_init(&b, 2 * FRAME_MAX);
	assert(token_put_granted(&b, &g) == 0);
	assert(strpbrk(g.claims.aud, "\r\n\t\x1b") == NULL);
	assert(strpbrk(g.claims.upn, "\r\n\t\x1b") == NULL);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf b;

	check((const char *)p, n);
	buf_init(&b, 2 * n + 16);
	buf_puts(&b, "x.");
	base64url_put(&b, p, n);
	buf_puts(&b, ".y");
	check(b.data, b.len);
	buf_clear(&b);
	return 0;
}
