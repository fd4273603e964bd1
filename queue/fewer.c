/* SPDX-License-Identifier: ISC */
/*
 * Fewer connections for a while.  Exchange Online counts a mailbox's
 * connections wherever they come from; what it does not take here is the share
 * that others have.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/fewer.h"

#define NAME "fewer %s" /* of the fact: "CONNECTIONS UNTIL" */

unsigned
fewer_limit(const struct fewer *f, unsigned configured, int64_t now)
{
	if (f->connections == 0 || now >= f->until ||
	    f->connections > configured)
		return configured;
	return f->connections;
}

void
fewer_note(struct fewer *f, unsigned configured, int64_t now)
{
	unsigned allowed = fewer_limit(f, configured, now);

	f->connections = allowed > 1 ? allowed - 1 : 1;
	f->until = now + FEWER_S;
}

void
fewer_move_times(struct fewer *f, int64_t by_s)
{
	if (f->connections > 0)
		f->until += by_s;
}

int
fewer_load(struct fewer *f, struct store *s, const char *mailbox, int64_t now,
    struct err *e)
{
	char *name = xasprintf(NAME, mailbox), *value, *until;
	int found = store_fact_get(s, name, &value, e);

	memset(f, 0, sizeof(*f));
	if (found == 1 && (until = strchr(value, ' ')) != NULL) {
		*until++ = '\0';
		f->connections = (unsigned)strtonum(value, 0, 1000, NULL);
		f->until = strtonum(until, 0, INT64_MAX, NULL);
		if (f->until > now + FEWER_S)
			f->until = now + FEWER_S;
	}
	if (found == 1)
		free(value);
	free(name);
	return found == -1 ? -1 : 0;
}

int
fewer_save(
    const struct fewer *f, struct store *s, const char *mailbox, struct err *e)
{
	char *name, value[64];
	int rc;

	if (f->connections == 0)
		return 0;
	name = xasprintf(NAME, mailbox);
	snprintf(value, sizeof(value), "%u %lld", f->connections,
	    (long long)f->until);
	rc = store_fact_put(s, name, value, e);
	free(name);
	return rc;
}
