/* SPDX-License-Identifier: ISC */
/*
 * The lock of a single queue run.  Whoever has it may be a daemon that was
 * starting when the run was asked for: then the daemon makes the run.
 */
#include "config.h"

#include <poll.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/ctl_ask.h"
#include "queue/lock.h"
#include "queue/once.h"

#define LOOK_MS 100

/* What a daemon says of each message is said to nobody. */
static int
pass_over(void *arg, const struct frame *f, struct err *e)
{
	(void)arg;
	(void)f;
	(void)e;
	return 0;
}

/* True when a daemon was there, and answered; then *status is its answer. */
static bool
ask_daemon(const struct conf *conf, int *status)
{
	const struct ctl_request run = { .verb = CTL_FLUSH, .all = true };
	const struct ctl_question q = {
		.where = { .directory = conf->queue.socket_directory,
		    .start = CTL_START_NOTHING },
		.request = &run,
		.row = pass_over,
		.silence_ms = CTL_SILENCE_MS,
	};
	struct ctl_answer answer;
	struct err e;
	bool has_answered = ctl_ask(&q, &answer, &e) == 0;

	*status = answer.status;
	free(answer.text);
	return has_answered;
}

enum once
once_begin(const struct conf *conf, struct once_begun *out, struct err *e)
{
	int64_t end = clock_mono_ms() + ONCE_WAIT_S * 1000;

	for (;;) {
		out->lock = lock_take(conf->queue.directory, 0, e);
		if (out->lock != -1)
			return ONCE_LOCKED;
		if (e->class != ERR_TEMP)
			return ONCE_FAILED;
		if (ask_daemon(conf, &out->status))
			return ONCE_ASKED;
		if (clock_mono_ms() >= end)
			return ONCE_FAILED;
		poll(NULL, 0, LOOK_MS);
	}
}
