/* SPDX-License-Identifier: ISC */
/* Names, addresses, and a connection to one of them. */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/clock.h"
#include "delivery/address.h"

/*
 * What getaddrinfo says.  A name that does not exist is no more lasting than
 * one that cannot be looked up: the name service may be wrong today.
 */
static int
no_address(const char *host, int rc, struct err *e)
{
	switch (rc) {
	case EAI_SYSTEM:
		return err_errno(e, ERR_TEMP, RESOLVE_NO_ANSWER,
		    "looking up the host %s", host);
	case EAI_NONAME:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY:
#endif
		return err_set(e, ERR_TEMP, RESOLVE_NO_NAME,
		    "the host %s does not exist, or has no address: %s", host,
		    gai_strerror(rc));
	default:
		return err_set(e, ERR_TEMP, RESOLVE_NO_ANSWER,
		    "the name service did not answer for the host %s: %s", host,
		    gai_strerror(rc));
	}
}

int
address_find(const char *host, unsigned number, enum conf_family family,
    struct addrinfo **found, struct err *e)
{
	static const int families[] = { [FAMILY_ANY] = AF_UNSPEC,
		[FAMILY_IPV4] = AF_INET,
		[FAMILY_IPV6] = AF_INET6 };
	struct addrinfo hints = { .ai_family = families[family],
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	const char *name = host;
	char port[8];
	int rc;

	/*
	 * RFC 6761 6.3: localhost is loopback and nobody is asked.  Without a
	 * name getaddrinfo gives just that, in an image with no /etc/hosts too.
	 */
	if (strcasecmp(name, "localhost") == 0)
		name = NULL;
	snprintf(port, sizeof(port), "%u", number);
	rc = getaddrinfo(name, port, &hints, found);
	return rc == 0 ? 0 : no_address(host, rc, e);
}

void
address_format(const struct addrinfo *a, char *out, size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		strlcpy(out, "?", size);
	else
		snprintf(out, size,
		    a->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

bool
address_is_loopback(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&in6, sa, sizeof(in6));
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) != 0;
}

/* Waits for connect(2) to end: 0, or the errno. */
static int
wait_connected(int fd, int watch, int64_t deadline_ms)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLOUT },
		{ .fd = watch, .events = POLLRDHUP } };
	socklen_t len = sizeof(int);
	int n, error = 0;

	do
		n = poll(p, 2, clock_poll_timeout(deadline_ms));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n == -1)
		return errno;
	if (p[1].revents != 0)
		return ECANCELED;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

int
address_connect(const struct addrinfo *a, int watch, int64_t deadline_ms)
{
	int fd, on = 1, error = 0;

	fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1)
		error = errno == EINPROGRESS
			    ? wait_connected(fd, watch, deadline_ms)
			    : errno;
	if (error != 0) {
		close(fd);
		errno = error;
		return -1;
	}
	/* What is written is written whole: nothing waits for company. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}
