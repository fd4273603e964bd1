/* SPDX-License-Identifier: ISC */
/* The service manager's sockets for listeners. */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/lent.h"
#include "queue/sockets.h"

static bool
place_of(int fd, struct sockaddr_storage *place)
{
	socklen_t size = sizeof(*place);

	memset(place, 0, sizeof(*place));
	return getsockname(fd, (struct sockaddr *)place, &size) == 0 &&
	       (place->ss_family == AF_INET || place->ss_family == AF_INET6);
}

bool
lent_is_one(int fd)
{
	struct sockaddr_storage place;

	return place_of(fd, &place);
}

static unsigned
port_of(const struct sockaddr_storage *place)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)place;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)place;

	return ntohs(
	    place->ss_family == AF_INET ? four->sin_port : six->sin6_port);
}

int
lent_take(struct lent *l, int fd, const char *name, struct err *e)
{
	struct sockaddr_storage place;
	struct lent_socket *s = &l->v[l->n];
	int flags;

	if (l->n == LENT_MAX)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the service manager passes more than %d sockets for "
		    "listeners",
		    LENT_MAX);
	if (!place_of(fd, &place) || !sockets_listen(fd))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the service manager's socket \"%s\" is no stream of the "
		    "network that listens (ListenStream= with a port)",
		    name);
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "fcntl");
	s->name = xstrdup(name);
	s->fd = fd;
	s->address = network_of((const struct sockaddr *)&place);
	s->port = port_of(&place);
	l->n++;
	return 0;
}

size_t
lent_find(const struct lent *l, const char *name, int fds[LENT_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			fds[n++] = l->v[i].fd;
	return n;
}

/* ---- what was not meant ---- */

/* A pair for IPv4 and IPv6 has one address that is configured. */
static bool
agrees(const struct lent_socket *s, const struct conf_listen *listener)
{
	struct network wanted;

	if (s->port != listener->port ||
	    network_parse(listener->address, &wanted) == -1)
		return false;
	return wanted.family != s->address.family ||
	       memcmp(wanted.address, s->address.address,
		   sizeof(wanted.address)) == 0;
}

static void
judge(const struct lent_socket *s, const struct conf_listen *listener)
{
	char address[NETWORK_TEXT];

	network_format(&s->address, address);
	if (listener == NULL)
		log_event(LOG_WARNING, "listener", "listener", s->name, "text",
		    "the service manager passes a socket for it, and there is "
		    "no such section; nobody is let in there",
		    "address", address, "fix",
		    "name the section as FileDescriptorName= does, or disable "
		    "the socket's unit",
		    NULL);
	else if (!agrees(s, listener))
		log_event(LOG_WARNING, "listener", "listener", s->name, "text",
		    "the service manager's socket is at another address or "
		    "port than the configuration says; the socket counts",
		    "address", address, "fix",
		    "have listen.address and listen.port say what "
		    "ListenStream= says",
		    NULL);
}

void
lent_judge(const struct lent *l, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		judge(&l->v[i], conf_listen_find(conf, l->v[i].name));
}

void
lent_close(struct lent *l)
{
	for (; l->n > 0; l->n--) {
		close(l->v[l->n - 1].fd);
		free(l->v[l->n - 1].name);
	}
}
