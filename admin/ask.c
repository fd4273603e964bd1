/* SPDX-License-Identifier: ISC */
/* What all verbs do alike when they ask mailchuted. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/run.h"
#include "admin/text.h"

void
complain(const char *text)
{
	fflush(stdout);
	fputs("mailchute: ", stderr);
	text_put(stderr, text);
	fputc('\n', stderr);
}

struct ctl_place
place_of(const struct args *a, const struct conf *c, enum ctl_start start)
{
	const struct ctl_place where = {
		.directory = c->queue.socket_directory,
		.start = start,
		.program = CTL_MAILCHUTED,
		.conf_path = a->conf_path,
	};

	return where;
}

int
ask(const struct args *a, const struct conf *c, enum ctl_verb verb,
    ctl_row *row, void *arg)
{
	struct ctl_request r;
	const struct ctl_question question = {
		.where = place_of(a, c, CTL_START_ANSWER),
		.request = &r,
		.row = row,
		.arg = arg,
		.silence_ms = CTL_SILENCE_MS,
	};
	struct ctl_answer answer;
	struct err e;

	memset(&r, 0, sizeof(r));
	r.verb = verb;
	r.ids = a->ids; /* lent */
	if (verb == CTL_TRACE)
		r.word = (char *)(uintptr_t)a->word; /* read alone */
	r.account = (char *)(uintptr_t)a->account;
	r.for_s = a->for_s;
	r.all = a->all;
	r.body = a->body;
	if (ctl_ask(&question, &answer, &e) == -1)
		complain(e.text);
	else if (answer.status != 0)
		complain(ctl_answer_reason(&answer));
	free(answer.text);
	return answer.status;
}
