/* SPDX-License-Identifier: ISC */
/* Listening on a local socket. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/xalloc.h"
#include "queue/listener.h"

#define BACKLOG      1024
#define ACCEPT_ROUND 32 /* then others have their turn */

struct listener {
	int fd;
	char *path;
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

/*
 * Bound under a name of its own and moved into place while it listens, so
 * that whoever finds the name can connect.
 */
static int
bind_path(
    const char *directory, const char *name, const char *path, struct err *e)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/.%s.%ld",
	    directory, name, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(sun.sun_path))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "queue.socket_directory %s is too long for a socket's "
		    "name (%zu octets are there)",
		    directory, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "socket");
	unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(sun.sun_path, 0666) == -1 || listen(fd, BACKLOG) == -1 ||
	    rename(sun.sun_path, path) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "cannot listen on %s", path);
		unlink(sun.sun_path);
		close(fd);
		return -1;
	}
	return fd;
}

struct listener *
listener_new(struct event_base *base, const char *directory, const char *name,
    listener_client *f, void *arg, struct err *e)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->client = f;
	l->arg = arg;
	l->path = xasprintf("%s/%s", directory, name);
	if ((l->fd = bind_path(directory, name, l->path, e)) == -1) {
		free(l->path);
		free(l);
		return NULL;
	}
	l->acceptable =
	    event_new(base, l->fd, EV_READ | EV_PERSIST, on_acceptable, l);
	l->resume = event_new(base, -1, 0, on_resume, l);
	if (l->acceptable == NULL || l->resume == NULL ||
	    event_add(l->acceptable, NULL) == -1) {
		err_set(
		    e, ERR_TEMP, "4.3.0", "libevent: no event for %s", l->path);
		listener_free(l);
		return NULL;
	}
	return l;
}

void
listener_free(struct listener *l)
{
	if (l == NULL)
		return;
	unlink(l->path);
	if (l->acceptable != NULL)
		event_free(l->acceptable);
	if (l->resume != NULL)
		event_free(l->resume);
	close(l->fd);
	free(l->path);
	free(l);
}
