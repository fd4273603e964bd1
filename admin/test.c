/* SPDX-License-Identifier: ISC */
/*
 * "mailchute test ADDRESS".  Once the message is committed it is the queue's:
 * whatever ends this program then, be it the time limit or ^C, leaves it there.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "admin/run.h"
#include "admin/test.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define WAIT_S    300 /* a server's last answer alone may take minutes */
#define SILENT_MS 60000

static void
set_parting(const struct args *a, const char *id)
{
	char text[128];

	snprintf(text, sizeof(text),
	    "\nmailchute: it stays in the queue as %s; \"mailchute show %s\" "
	    "tells more\n",
	    id, id);
	a->at_interrupt(text);
}

static int
give_up(struct test_stages *t, int status, const char *id, char *text)
{
	if (t->is_quiet)
		test_tell_quiet(t, text);
	else
		complain(text);
	test_tell_end(t, status, id, text);
	free(text);
	return status;
}

/* The whole way from the queue on: the exit status. */
static int
follow(struct test_stages *t, const struct args *a, const char *id)
{
	struct ctl_request r = { .verb = CTL_FOLLOW,
		.for_s = a->for_s == 0 ? WAIT_S : a->for_s };
	const struct ctl_question q = {
		.where = place_of(a, t->conf, CTL_START_ANSWER),
		.request = &r,
		.row = test_tell_row,
		.arg = t,
		.silence_ms = (int64_t)r.for_s * 1000 + SILENT_MS,
	};
	struct ctl_answer answer;
	const char *why;
	struct err e;
	int status;

	strlist_add(&r.ids, id);
	if (ctl_ask(&q, &answer, &e) == -1) {
		why = e.text;
		if (answer.status == 0)
			answer.status = EX_TEMPFAIL;
	} else {
		why = ctl_answer_reason(&answer);
	}
	strlist_clear(&r.ids);
	if (t->nrefused > 0) {
		status = EX_UNAVAILABLE;
		test_tell_end(t, status, id, "refused");
	} else if (answer.status == 0 && t->naccepted > 0) {
		status = EX_OK;
		test_tell_end(t, status, id, "accepted");
	} else {
		status = give_up(t, EX_TEMPFAIL, id,
		    xasprintf("still waiting as %s: %s; \"mailchute show %s\" "
			      "tells more",
			id, why, id));
	}
	free(answer.text);
	return status;
}

/* Nobody took it at once: a queue that is not served keeps it, too. */
static int
tell_dropped(struct test_stages *t, const char *folder, const char *why)
{
	test_tell_dropped(t, folder, why);
	return give_up(t, EX_TEMPFAIL, NULL,
	    xasprintf("the message is safe in %s, and goes out once mailchuted "
		      "runs: start it",
		folder));
}

static int
refused(struct test_stages *t, const struct err *e)
{
	bool may_pass = e->class == ERR_TEMP;

	return give_up(t, may_pass ? EX_TEMPFAIL : EX_UNAVAILABLE, NULL,
	    xasprintf("not submitted: %s", e->text));
}

int
test_run(struct test_stages *t, const struct args *a)
{
	struct test_sending s = { .args = a,
		.conf = t->conf,
		.composed = test_tell_composed,
		.arg = t };
	struct handed handed;
	struct err e;
	int status;

	if (test_mail_send(&s, &handed, &e) == -1)
		status = refused(t, &e);
	else if (handed.queue_id[0] == '\0')
		status = tell_dropped(t, s.folder, handed.why.text);
	else {
		set_parting(a, handed.queue_id);
		test_tell_committed(t, handed.queue_id);
		status = follow(t, a, handed.queue_id);
	}
	free(s.folder);
	return status;
}

int
run_test(const struct args *a, const struct conf *c)
{
	struct test_stages t = { .json = a->json, .conf = c };
	int status = test_run(&t, a);

	test_stages_clear(&t);
	return status;
}
