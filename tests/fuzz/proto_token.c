/* SPDX-License-Identifier: ISC */
/*
 * Frames of the token channel from a token that a server has taken over:
 * whatever is understood must come out the same when it is written again.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_token.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (4 * (FRAME_MAX + FRAME_HEAD))

static void
reparse(const struct buf *b, struct frame *g)
{
	assert(frame_parse(b->data, b->len, g) == (ssize_t)b->len);
}

static void
check_granted(const struct frame *f)
{
	struct token_granted r, again;
	struct frame g;
	struct buf b;

	if (token_get_granted(f, &r, NULL) == -1)
		return;
	buf_init(&b, OUT_MAX);
	assert(token_put_granted(&b, &r) == 0);
	reparse(&b, &g);
	assert(token_get_granted(&g, &again, NULL) == 0);
	assert(r.until == again.until && r.claims.exp == again.claims.exp);
	assert(strcmp(r.doubt, again.doubt) == 0);
	buf_clear(&b);
}

static void
check_failed(const struct frame *f)
{
	struct token_failed r, again;
	struct frame g;
	struct buf b;

	if (token_get_failed(f, &r, NULL) == -1)
		return;
	assert(r.class == TOKEN_LATER || r.class == TOKEN_NEVER);
	buf_init(&b, OUT_MAX);
	assert(token_put_failed(&b, &r) == 0);
	reparse(&b, &g);
	assert(token_get_failed(&g, &again, NULL) == 0);
	assert(r.wait_s == again.wait_s && r.aadsts == again.aadsts);
	assert(strcmp(r.text, again.text) == 0);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[ERR_TEXT_MAX];
	struct token_code c;
	struct token_ask a;
	struct frame f;

	if (frame_parse(p, n, &f) <= 0)
		return 0;
	check_granted(&f);
	check_failed(&f);
	if (token_get_ask(&f, &a, NULL) == 0)
		token_ask_clear(&a);
	if (token_get_code(&f, &c, NULL) == 0)
		assert(c.interval_s > 0 && memchr(c.uri, '\0', sizeof(c.uri)));
	if (token_get_refused(&f, text, NULL) == 0)
		assert(memchr(text, '\0', sizeof(text)) != NULL);
	return 0;
}
