/* SPDX-License-Identifier: ISC */
/*
 * The verbs that change the queue.  mailchuted does it all in one
 * transaction and says what it did; here that is printed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/run.h"
#include "admin/text.h"

static const struct {
	const char *name;
	enum ctl_verb verb;
} acts[] = {
	{ "hold", CTL_HOLD },
	{ "release", CTL_RELEASE },
	{ "retry", CTL_RETRY },
	{ "remove", CTL_REMOVE },
	{ "pause", CTL_PAUSE },
	{ "resume", CTL_RESUME },
	{ "legacy", CTL_LEGACY },
};

static int
print_said(void *arg, const struct frame *f, struct err *e)
{
	char *line;

	(void)arg;
	if (f->type != CTL_SAID)
		return 0;
	if ((line = ctl_get_said(f, e)) == NULL)
		return -1;
	text_put(stdout, line);
	putchar('\n');
	free(line);
	return 0;
}

/* Removing everything is asked once more, of a person. */
static int
confirm(void)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		complain("remove ALL needs --yes where nobody can be asked; "
			 "nothing was removed");
		return EX_USAGE;
	}
	printf("Remove every message that waits?  None is delivered, and "
	       "nobody is told.\nType yes to go on: ");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    strcmp(answer, "yes\n") == 0)
		return 0;
	complain("nothing was removed");
	return EX_USAGE;
}

int
run_act(const struct args *a, const struct conf *c)
{
	size_t i;
	int status;

	for (i = 0; strcmp(acts[i].name, a->verb->name) != 0; i++)
		;
	if (acts[i].verb == CTL_REMOVE && a->all && !a->yes &&
	    (status = confirm()) != 0)
		return status;
	return ask(a, c, acts[i].verb, print_said, NULL);
}
