/* SPDX-License-Identifier: ISC */
/* "mailchute devices": who sends by the listeners, and in which TLS. */
#include "config.h"

#include <sysexits.h>

#include "queue/control_priv.h"
#include "queue/device_store.h"
#include "queue/devices.h"

/* Writing reads it alone, though a table serves both ways. */
static char *
lend(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
on_row(void *arg, const struct device *d)
{
	struct client *c = arg;
	const struct ctl_device out = {
		.listener = lend(d->listener),
		.address = lend(d->client),
		.login = lend(d->login),
		.name = lend(d->name),
		.tls = lend(d->tls),
		.cipher = lend(d->cipher),
		.is_old = d->is_old,
		.old_at = d->old_at,
		.first_at = d->first_at,
		.last_at = d->last_at,
		.messages = d->messages,
		.failures = d->failures,
		.error_at = d->error_at,
		.error = lend(d->error),
	};

	ctl_put_device(&c->out, &out);
}

static void
on_collected(void *arg)
{
	client_resume(arg);
}

/* First what the parent alone knows so far. */
void
source_devices(struct client *c)
{
	int64_t last = (int64_t)c->cursor;
	struct err e;
	int more;

	if (!c->may_all) {
		client_done(c, EX_NOPERM,
		    "who sends by the listeners is told to root, queue.user "
		    "and members of queue.admin_group");
		return;
	}
	if (c->parts->devices != NULL && !c->has_collected) {
		c->has_collected = true;
		c->is_waiting = true;
		devices_collect(c->parts->devices, on_collected, c);
		return;
	}
	more = device_each(c->parts->store, &last, CLIENT_SLICE, on_row, c, &e);
	c->cursor = (uint64_t)last;
	if (more == -1)
		client_done(c, EX_TEMPFAIL, "%s", e.text);
	else if (more == 0)
		client_done(c, 0, "%s", "");
}
