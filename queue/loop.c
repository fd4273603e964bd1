/* SPDX-License-Identifier: ISC */
/* Sharing the loop. */
#include "config.h"

#include <stdlib.h>
#include <sysexits.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/loop.h"

struct loop_idle {
	struct event *idle, *late; /* whichever comes first */
	loop_work *work;
	void *arg;
};

void
loop_again(struct event *ev)
{
	static const struct timeval no_delay = { 0, 0 };

	/* Fails where there is no memory for it. */
	if (event_add(ev, &no_delay) == -1)
		fatalx(EX_OSERR, "libevent: no event");
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct loop_idle *i = arg;

	(void)fd;
	(void)what;
	event_del(i->idle);
	event_del(i->late);
	i->work(i->arg);
}

static struct event *
due_new(struct event_base *base, int priority, struct loop_idle *i)
{
	struct event *ev = event_new(base, -1, 0, on_due, i);

	if (ev == NULL || event_priority_set(ev, priority) == -1)
		fatalx(EX_OSERR, "libevent: no event for idle work");
	return ev;
}

struct loop_idle *
loop_idle_new(struct event_base *base, loop_work *work, void *arg)
{
	struct loop_idle *i = xcalloc(1, sizeof(*i));

	i->work = work;
	i->arg = arg;
	i->idle = due_new(base, LOOP_PRIORITY_IDLE, i);
	i->late = due_new(base, LOOP_PRIORITY_TURN, i);
	return i;
}

void
loop_idle_free(struct loop_idle *i)
{
	if (i == NULL)
		return;
	event_free(i->idle);
	event_free(i->late);
	free(i);
}

void
loop_idle_again(struct loop_idle *i)
{
	static const struct timeval patience = { .tv_usec =
						     LOOP_IDLE_MS * 1000 };

	loop_again(i->idle);
	/* Not put off by being asked for once more. */
	if (!event_pending(i->late, EV_TIMEOUT, NULL) &&
	    event_add(i->late, &patience) == -1)
		fatalx(EX_OSERR, "libevent: no event");
}
