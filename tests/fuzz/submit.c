/* SPDX-License-Identifier: ISC */
/*
 * A stream of submission frames, as a hostile client sends them or as they
 * stand in a drop file.  What is read and written again must read the same.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_submit.h"

#include "tests/fuzz/fuzz.h"

/* An envelope that was taken survives a second round trip. */
static void
again(const struct submit_head *head, const struct envelope *env)
{
	struct submit_head head2;
	struct envelope env2;
	struct frame f;
	struct buf b;
	size_t at;

	buf_init(&b, 4 * FRAME_MAX);
	envelope_init(&env2);
	if (submit_put_envelope(&b, head, env) == 0) {
		assert(frame_parse(b.data, b.len, &f) > 0);
		assert(submit_get_envelope(&f, &head2, &env2, NULL) == 0);
		for (at = f.len + FRAME_HEAD; at < b.len;
		     at += f.len + FRAME_HEAD) {
			assert(frame_parse(b.data + at, b.len - at, &f) > 0);
			assert(submit_get_rcpts(&f, &env2, NULL) == 0);
		}
		assert(env2.nrcpts == env->nrcpts);
		assert(strcmp(env2.sender, env->sender) == 0);
	}
	envelope_clear(&env2);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char id[QUEUE_ID_LEN + 1];
	struct submit_head head;
	struct envelope env;
	struct frame f;
	struct err why;
	uint64_t u, v;
	ssize_t used;
	int got = -1;

	envelope_init(&env);
	while ((used = frame_parse(p, n, &f)) > 0) {
		if (got == -1)
			got = submit_get_envelope(&f, &head, &env, NULL);
		else if (f.type == SUBMIT_RCPTS &&
			 submit_get_rcpts(&f, &env, NULL) == -1)
			break;
		submit_get_greeting(&f, &u, &v, NULL);
		submit_get_end(&f, &u, NULL);
		submit_get_answer(&f, id, &why, NULL);
		if (got == -1) {
			envelope_clear(&env);
			envelope_init(&env);
		}
		p += used;
		n -= (size_t)used;
	}
	if (got == 0)
		again(&head, &env);
	envelope_clear(&env);
	return 0;
}
