/* SPDX-License-Identifier: ISC */
/* A frame of any payload: what is read is written so that it is read again. */
#include "config.h"

#include <assert.h>

#include "common/proto_pair.h"

#include "tests/fuzz/fuzz.h"

static void
again(const struct pair *p)
{
	struct pair got;
	struct frame f;
	struct err e;
	struct buf b;

	buf_init(&b, PAIR_FRAME_MAX);
	pair_init(&got);
	assert(pair_put(&b, p) == 0);
	assert(frame_parse(b.data, b.len, &f) == (ssize_t)b.len);
	assert(pair_get(&f, &got, &e) == 0);
	assert(got.key.len == p->key.len);
	assert(got.certificate.len == p->certificate.len);
	pair_wipe(&got);
	buf_wipe(&b);
}

static void
judge_again(const struct pair_judged *j)
{
	struct pair_judged got;
	struct frame f;
	struct err e;
	struct buf b;

	buf_init(&b, PAIR_JUDGED_MAX);
	assert(pair_judged_put(&b, j) == 0);
	assert(frame_parse(b.data, b.len, &f) == (ssize_t)b.len);
	assert(pair_judged_get(&f, &got, &e) == 0);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct pair_judged j;
	struct pair pair;
	struct frame f;
	struct err e;

	if (frame_parse(p, n, &f) <= 0)
		return 0;
	pair_init(&pair);
	if (pair_get(&f, &pair, &e) == 0)
		again(&pair);
	if (pair_judged_get(&f, &j, &e) == 0)
		judge_again(&j);
	pair_wipe(&pair);
	return 0;
}
