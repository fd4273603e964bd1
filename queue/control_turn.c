/* SPDX-License-Identifier: ISC */
/*
 * When the turn of a message comes that is due and waits for others: by how
 * many of its account's go before it, and by what the budget lets go.  Who is
 * listed before it goes before it; since users take turns that is so on the
 * whole, and the time is an estimate.  A listing counts as it goes along; a
 * message that is shown alone has those before it counted.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "queue/times.h"

size_t
client_account(const struct client *c, const char *name)
{
	const struct conf *conf = c->parts->conf;
	size_t i;

	for (i = 0; i < conf->naccounts; i++)
		if (strcmp(conf->accounts[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

/* Alarms go before all, and what is not due yet behind what is. */
static bool
is_in_line(const struct client *c, const struct store_message *m)
{
	return m->kind != KIND_ALARM && m->due_at > 0 &&
	       m->due_at <= times_now(c->parts->times);
}

void
client_line_up(struct client *c, const struct store_message *m)
{
	size_t i = client_account(c, m->account);
	struct err e;

	if (c->ahead == NULL)
		c->ahead =
		    xcalloc(c->parts->conf->naccounts, sizeof(*c->ahead));
	if (c->counted != SIZE_MAX)
		c->ahead[c->counted]++;
	c->counted = SIZE_MAX;
	if (i == SIZE_MAX || !is_in_line(c, m))
		return;
	if (c->request.verb == CTL_LIST)
		c->counted = i;
	else if (c->request.verb != CTL_SHOW ||
		 store_due_before(c->parts->store, m,
		     times_now(c->parts->times), &c->ahead[i], &e) == -1)
		c->ahead[i] = 0;
}

int64_t
client_turn(const struct client *c, const struct store_message *m)
{
	size_t i = client_account(c, m->account);

	if (i == SIZE_MAX || c->ahead == NULL || !is_in_line(c, m))
		return 0;
	return dispatch_expect(c->parts->dispatch, i, c->ahead[i]);
}
