/* SPDX-License-Identifier: ISC */
/*
 * "mailchute check --send ADDRESS": the one thing that only a whole message
 * shows is whether the server lets its sender send it.
 */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include "admin/check.h"
#include "admin/test.h"
#include "common/xalloc.h"

static void
say_sent(
    struct check *k, const char *what, const struct test_stages *t, int status)
{
	const char *last = t->last == NULL ? "?" : t->last;

	if (status == EX_OK)
		check_say(k, CHECK_OK, what, NULL, "%s", last);
	else
		check_say(k, status == EX_TEMPFAIL ? CHECK_WARN : CHECK_FAIL,
		    what, t->fix == NULL ? "mailchute queue" : t->fix, "%s",
		    last);
}

/* What does not get that far would only wait. */
static void
say_not_sent(struct check *k, const char *what)
{
	char *next = xasprintf("mend what fails above, then: mailchute check "
			       "--send %s",
	    k->args->send);

	check_say(k, CHECK_WARN, what, next,
	    "it was not sent, since it would not have left");
	free(next);
}

void
check_send(struct check *k)
{
	struct args a = *k->args;
	struct test_stages t = {
		.json = k->json, .is_quiet = k->json, .conf = k->conf
	};
	char *what = xasprintf("message to %s", a.send);

	a.word = a.send;
	if (k->conf == NULL || k->seen[CHECK_FAIL] > 0) {
		say_not_sent(k, what);
	} else {
		fflush(k->out);
		say_sent(k, what, &t, test_run(&t, &a));
	}
	test_stages_clear(&t);
	free(what);
}
