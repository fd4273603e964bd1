/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "tests/unit/submission.h"

void
submission_put(struct buf *b, uint8_t number, size_t octets, bool with_end)
{
	struct submit_head head = {
		.id = { number }, .created_at = 1, .version = SUBMIT_VERSION
	};
	char *lines = xmalloc(FRAME_RAW_MAX);
	struct envelope env;
	size_t n, i, left;

	assert_int_equal(octets % 64, 0);
	for (i = 0; i < FRAME_RAW_MAX; i++)
		lines[i] = "\r\nx"[i % 64 == 62 ? 0 : i % 64 == 63 ? 1 : 2];
	envelope_init(&env);
	env.sender = xstrdup("alice@example.com");
	envelope_add(&env, "bob@example.org");
	assert_int_equal(submit_put_envelope(b, &head, &env), 0);
	for (left = octets; left > 0; left -= n) {
		n = left < FRAME_RAW_MAX ? left : FRAME_RAW_MAX;
		assert_int_equal(frame_put_raw(b, SUBMIT_DATA, lines, n), 0);
	}
	if (with_end)
		assert_int_equal(submit_put_end(b, octets), 0);
	envelope_clear(&env);
	free(lines);
}
