/* SPDX-License-Identifier: ISC */
/* Taking clients from a local socket. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/listener.h"

#define ACCEPT_ROUND 32 /* then others have their turn */

struct listener {
	struct event *acceptable;
	struct event *resume;
	listener_client *client;
	void *arg;
};

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	event_add(l->acceptable, NULL);
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval pause = { .tv_sec = 1 };
	struct listener *l = arg;
	struct peer peer;
	int client, n;

	(void)what;
	for (n = 0; n < ACCEPT_ROUND; n++) {
		client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client == -1)
			break;
		if (peer_get(client, &peer) == -1)
			close(client);
		else
			l->client(l->arg, client, &peer);
	}
	/* Out of descriptors: wait for one instead of spinning. */
	if (client == -1 && (errno == EMFILE || errno == ENFILE)) {
		event_del(l->acceptable);
		event_add(l->resume, &pause);
	}
}

struct listener *
listener_new(struct event_base *base, int fd, listener_client *f, void *arg)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->client = f;
	l->arg = arg;
	l->acceptable =
	    event_new(base, fd, EV_READ | EV_PERSIST, on_acceptable, l);
	l->resume = event_new(base, -1, 0, on_resume, l);
	if (l->acceptable == NULL || l->resume == NULL ||
	    event_add(l->acceptable, NULL) == -1)
		fatalx(EX_OSERR, "libevent: no event for a socket");
	return l;
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	event_free(l->acceptable);
	event_free(l->resume);
	free(l);
}
