/* SPDX-License-Identifier: ISC */
/* A frame of any payload: what is read is written so that it is read again. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_trouble.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1024 * 1024)

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct client_trouble t, again;
	struct frame f;
	struct err e;
	struct buf b;

	if (frame_parse(p, n, &f) <= 0 || client_trouble_get(&f, &t, &e) == -1)
		return 0;
	buf_init(&b, OUT_MAX);
	assert(client_trouble_put(&b, &t) == 0);
	assert(frame_parse(b.data, b.len, &f) == (ssize_t)b.len);
	assert(client_trouble_get(&f, &again, &e) == 0);
	assert(t.count == again.count && strcmp(t.text, again.text) == 0);
	assert(t.words.is_esmtp == again.words.is_esmtp);
	assert(strcmp(t.words.helo, again.words.helo) == 0);
	assert(strcmp(t.words.tls_version, again.words.tls_version) == 0);
	assert(strcmp(t.words.tls_cipher, again.words.tls_cipher) == 0);
	buf_clear(&b);
	return 0;
}
