/* SPDX-License-Identifier: ISC */
/* The judgement that mail which should go does not. */
#include "config.h"

#include "queue/schedule.h"
#include "queue/stall.h"

/*
 * A try since the last look counts as well: one that was put off is due again
 * only later, and no look would ever find it due.
 */
static int64_t
last_due(const struct stall *s, const struct stall_facts *f)
{
	if (f->is_due)
		return f->now;
	return s->looked_at != 0 && f->tried_at >= s->looked_at ? f->tried_at
								: 0;
}

enum stall_state
stall_look(struct stall *s, const struct stall_facts *f)
{
	int64_t due_at = last_due(s, f);
	int64_t delivered_at = schedule_past(f->delivered_at, f->now);
	bool has_delivered;

	/* A clock set back while nobody looked. */
	s->since = schedule_past(s->since, f->now);
	s->looked_at = f->now;
	has_delivered = s->since != 0 && delivered_at >= s->since;
	/* What an administrator stopped begins anew when it goes on. */
	if (!f->may_deliver || !f->has_waiting) {
		s->since = 0;
		return STALL_NONE;
	}
	if (has_delivered)
		s->since = 0;
	if (s->since == 0 && due_at > delivered_at)
		s->since = due_at;
	if (has_delivered)
		return STALL_NONE;
	return s->since != 0 && due_at - s->since >= f->limit_s ? STALL_COME
								: STALL_WAITING;
}

void
stall_move_times(struct stall *s, int64_t by_s)
{
	if (s->since != 0)
		s->since += by_s;
	if (s->looked_at != 0)
		s->looked_at += by_s;
}
