/* SPDX-License-Identifier: ISC */
/*
 * Frames of the job channel from a deliver that a server has taken over:
 * whatever is understood must come out the same when it is written again.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_job.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (4 * (FRAME_MAX + FRAME_HEAD))

/* Fields may come in another order than ours, so octets are not compared. */
static void
check_result(const struct frame *f)
{
	struct job_result r, again;
	struct frame g;
	struct buf b;

	if (job_get_result(f, &r, NULL) == -1)
		return;
	buf_init(&b, OUT_MAX);
	assert(job_put_result(&b, &r) == 0);
	assert(frame_parse(b.data, b.len, &g) == (ssize_t)b.len);
	assert(job_get_result(&g, &again, NULL) == 0);
	assert(r.rcpt == again.rcpt && r.outcome == again.outcome);
	assert(strcmp(r.text, again.text) == 0);
	buf_clear(&b);
}

static void
check_message(const struct frame *f)
{
	struct job_message m, again;
	struct frame g;
	struct buf b;

	if (job_get_message(f, &m, NULL) == -1)
		return;
	job_get_rcpts(f, &m, NULL);
	buf_init(&b, OUT_MAX);
	assert(job_put_message(&b, &m) == 0);
	assert(frame_parse(b.data, b.len, &g) > 0);
	assert(job_get_message(&g, &again, NULL) == 0);
	assert(strcmp(m.env.sender, again.env.sender) == 0);
	job_message_clear(&again);
	job_message_clear(&m);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct job_message m;
	struct job_session s;
	struct job_result r;
	struct job_ready ready;
	struct job_done d;
	struct frame f;
	ssize_t used;

	while ((used = frame_parse(p, n, &f)) > 0) {
		check_result(&f);
		check_message(&f);
		if (job_get_session(&f, &s, NULL) == 0)
			job_session_clear(&s);
		(void)job_get_ready(&f, &ready, NULL);
		(void)job_get_failed(&f, &r, &ready, NULL);
		(void)job_get_closed(&f, &r, NULL);
		(void)job_get_refused(&f, r.text, NULL);
		(void)job_get_done(&f, &d, NULL);
		memset(&m, 0, sizeof(m));
		(void)job_get_rcpts(&f, &m, NULL);
		job_message_clear(&m);
		p += used;
		n -= (size_t)used;
	}
	return 0;
}
