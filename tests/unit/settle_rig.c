/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/settle.h"
#include "tests/unit/settle_rig.h"

struct job *
settle_try(struct office *o, uint64_t id)
{
	return settle_try_at(o, id, T0);
}

/* Due or not, and claimed as the lane does it. */
struct job *
settle_try_at(struct office *o, uint64_t id, int64_t at)
{
	struct job *j;

	fixture_begin(o->parts.store);
	assert_int_equal(store_message_due(o->parts.store, id, at, &o->e), 0);
	fixture_commit(o->parts.store);
	j = job_load(o->parts.store, id, at, 1000, &o->e);

	assert_non_null(j);
	fixture_begin(o->parts.store);
	assert_int_equal(job_claim(o->parts.store, j, &o->e), 0);
	fixture_commit(o->parts.store);
	j->is_claimed = j->is_body_ended = true;
	strlcpy(j->session.relay, "mx.example.com", sizeof(j->session.relay));
	return j;
}

void
settle_answer(struct job *j, size_t i, enum job_outcome outcome, unsigned code)
{
	struct job_result r = { .rcpt = j->rcpts[i].id,
		.outcome = outcome,
		.scope = JOB_SCOPE_RECIPIENT,
		.code = code };

	snprintf(r.status, sizeof(r.status), "%c.1.%c",
	    (char)('0' + code / 100 % 10), (char)('1' + i % 9));
	snprintf(r.text, sizeof(r.text), "word %zu of the server", i + 1);
	strlcpy(r.meaning, "there is no such mailbox", sizeof(r.meaning));
	strlcpy(r.fix, "ask for the right address", sizeof(r.fix));
	assert_int_equal(job_note(j, &r), 0);
}

bool
settle_end(struct office *o, struct job *j, int64_t now)
{
	struct settle s = { o->conf, o->parts.store, o->parts.bounce };
	bool finished;

	fixture_begin(o->parts.store);
	if (settle_work(&s, j, now, &finished, &o->e) == -1)
		fail_msg("%s", o->e.text);
	fixture_commit(o->parts.store);
	job_free(j);
	return finished;
}
