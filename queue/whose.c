/* SPDX-License-Identifier: ISC */
/*
 * Who a submitter is.  A device's number follows from its row in the table of
 * devices, and not the other way: rows are tried until one has it.
 */
#include "config.h"

#include <stdlib.h>

#include "common/network.h"
#include "common/xalloc.h"
#include "queue/device_store.h"
#include "queue/origin.h"
#include "queue/store.h"
#include "queue/submitter.h"
#include "queue/whose.h"

#define ROUND 256

struct search {
	uint32_t number;
	char *words;
};

static void
look_at(void *arg, const struct device *d)
{
	struct search *x = arg;
	struct network client;

	if (x->words != NULL || network_parse(d->client, &client) == -1 ||
	    origin_number(d->listener, d->login, &client) != x->number)
		return;
	if (d->login[0] != '\0')
		x->words =
		    xasprintf("login %s of listener %s", d->login, d->listener);
	else
		x->words = xasprintf(
		    "device %s of listener %s", d->client, d->listener);
}

char *
whose_words(struct store *s, uint64_t who)
{
	struct search x = { submitter_device(who), NULL };
	int64_t last = 0;
	int more = 1;
	struct err e;

	if (x.number == DEVICE_NONE)
		return xasprintf("user id %u", (unsigned)submitter_uid(who));
	while (more == 1 && x.words == NULL)
		more = device_each(s, &last, ROUND, look_at, &x, &e);
	/* Of long ago, or it cannot be read: it is one all the same. */
	return x.words != NULL ? x.words : xstrdup("a device of a listener");
}
