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

int
ask(const struct args *a, const struct conf *c, enum ctl_verb verb,
    client_row *row, void *arg)
{
	struct ctl_request r;
	const struct client_question question = {
		.conf = c,
		.conf_path = a->conf_path,
		.start = CLIENT_MAY_START,
		.request = &r,
		.row = row,
		.arg = arg,
	};
	struct client_answer answer;
	struct err e;

	memset(&r, 0, sizeof(r));
	r.verb = verb;
	r.ids = a->ids; /* lent */
	r.all = a->all;
	r.body = a->body;
	if (client_ask(&question, &answer, &e) == -1)
		complain(e.text);
	else if (answer.status != 0)
		complain(answer.text == NULL || *answer.text == '\0'
			     ? "mailchuted gave no reason"
			     : answer.text);
	free(answer.text);
	return answer.status;
}
