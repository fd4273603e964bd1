/* SPDX-License-Identifier: ISC */
/* A frame of any payload: what is read is written so that it is read again. */
#include "config.h"

#include <assert.h>

#include "common/proto_listen.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct listen_setup s, again;
	struct frame f;
	struct err e;
	struct buf b;

	if (frame_parse(p, n, &f) <= 0 || listen_get_setup(&f, &s, &e) == -1)
		return 0;
	buf_init(&b, OUT_MAX);
	assert(listen_put_setup(&b, &s) == 0);
	assert(frame_parse(b.data, b.len, &f) == (ssize_t)b.len);
	assert(listen_get_setup(&f, &again, &e) == 0);
	listen_setup_clear(&again);
	listen_setup_clear(&s);
	buf_clear(&b);
	return 0;
}
