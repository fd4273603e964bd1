/* SPDX-License-Identifier: ISC */
/* Sharing the loop. */
#include "config.h"

#include <sysexits.h>

#include <event2/event.h>

#include "common/log.h"
#include "queue/loop.h"

void
loop_again(struct event *ev)
{
	static const struct timeval no_delay = { 0, 0 };

	/* Fails where there is no memory for it. */
	if (event_add(ev, &no_delay) == -1)
		fatalx(EX_OSERR, "libevent: no event");
}
