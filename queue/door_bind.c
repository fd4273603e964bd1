/* SPDX-License-Identifier: ISC */
/* A listening socket, as the configuration has it. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "queue/door_bind.h"

#define BACKLOG 1024 /* a flood waits there for its word, and not for TCP */

static socklen_t
address_of(const struct conf_listen *l, struct sockaddr_storage *ss)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)l->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)l->port) };

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, l->address, &four.sin_addr) == 1) {
		memcpy(ss, &four, sizeof(four));
		return sizeof(four);
	}
	if (inet_pton(AF_INET6, l->address, &six.sin6_addr) == 1) {
		memcpy(ss, &six, sizeof(six));
		return sizeof(six);
	}
	return 0;
}

/*
 * An address that comes later, as by DHCP, is no reason for a boot without a
 * mail queue.  Where the system does not know it, there has to be one.
 */
static void
bind_ahead(int fd)
{
#ifdef IP_FREEBIND
	int yes = 1;

	(void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes));
#else
	(void)fd;
#endif
}

int
door_bind(const struct conf_listen *l, struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len = address_of(l, &ss);
	int fd, why, yes = 1;

	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1)
		bind_ahead(fd);
	if (fd != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    (ss.ss_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) ==
		    0) &&
	    bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	why = errno;
	err_errno(e, ERR_LOCAL, "4.3.5", "cannot listen on port %u of %s",
	    l->port, l->address);
	if (why == EACCES)
		err_set(e, ERR_LOCAL, "4.3.5",
		    "port %u is below 1024: restart mailchuted as root, or "
		    "have the service manager pass the socket (mailchuted(8), "
		    "LISTENERS)",
		    l->port);
	if (fd != -1)
		close(fd);
	errno = why;
	return -1;
}
