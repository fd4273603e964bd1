/* SPDX-License-Identifier: ISC */
/*
 * The service manager's protocols, without its library: a datagram of
 * KEY=VALUE lines to a local socket (sd_notify(3)), and descriptors from 3 on,
 * counted and named in the environment (sd_listen_fds(3)).
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/priv.h"
#include "common/xalloc.h"
#include "queue/manager.h"

#define FIRST_FD      3
#define ALIVE_DIVISOR 3 /* signs of life come three times as often as asked */

/* A decimal of the environment within bounds, or 0. */
static int64_t
number(const char *name, int64_t max)
{
	const char *s = getenv(name), *why;
	long long n;

	if (s == NULL)
		return 0;
	n = strtonum(s, 1, max, &why);
	return why == NULL ? n : 0;
}

/* Is the variable there and names another process than this one? */
static bool
is_for_another(const char *name)
{
	return getenv(name) != NULL && number(name, INT32_MAX) != getpid();
}

/* Takes the next of a list of names, separated by colons. */
static const char *
next_name(char **names)
{
	char *name = *names == NULL ? NULL : strsep(names, ":");

	return name == NULL ? "" : name;
}

/* "submit" and "control" are no names for sockets of the network. */
static int
take_socket(struct sockets *s, struct lent *lent, int fd, const char *name,
    struct err *e)
{
	int i;

	for (i = 0; i < SOCKETS; i++)
		if (strcmp(name, sockets_name(i)) == 0)
			return sockets_adopt(s, fd, name, e);
	return lent_is_one(fd) ? lent_take(lent, fd, name, e)
			       : sockets_adopt(s, fd, name, e);
}

static int
take_sockets(struct sockets *s, struct lent *lent, struct err *e)
{
	int i, n = (int)number("LISTEN_FDS", SOCKETS + LENT_MAX);
	const char *names = getenv("LISTEN_FDNAMES");
	char *copy = names == NULL ? NULL : xstrdup(names), *rest = copy;
	int rc = 0;

	if (is_for_another("LISTEN_PID"))
		n = 0;
	for (i = 0; i < n && rc == 0; i++)
		rc = take_socket(s, lent, FIRST_FD + i, next_name(&rest), e);
	free(copy);
	/* What the starter left open is nothing a child of ours should have. */
	priv_close_from(FIRST_FD + n);
	return rc;
}

int
manager_meet(
    struct manager *m, struct sockets *s, struct lent *lent, struct err *e)
{
	const char *socket = getenv("NOTIFY_SOCKET");
	int rc;

	m->socket = NULL;
	if (socket != NULL && (*socket == '/' || *socket == '@'))
		m->socket = xstrdup(socket);
	m->alive_ms = number("WATCHDOG_USEC", INT64_MAX) / 1000 / ALIVE_DIVISOR;
	if (is_for_another("WATCHDOG_PID"))
		m->alive_ms = 0;
	rc = take_sockets(s, lent, e);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}

void
manager_clear(struct manager *m)
{
	free(m->socket);
	m->socket = NULL;
}

static void
tell(const struct manager *m, const char *text)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t n;
	int fd;

	if (m->socket == NULL ||
	    (n = strlcpy(sun.sun_path, m->socket, sizeof(sun.sun_path))) >=
		sizeof(sun.sun_path))
		return;
	if (sun.sun_path[0] == '@')
		sun.sun_path[0] = '\0'; /* Linux's abstract names */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	n += offsetof(struct sockaddr_un, sun_path);
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&sun, (socklen_t)n);
	close(fd);
}

void
manager_ready(const struct manager *m)
{
	tell(m, "READY=1\n");
}

void
manager_reloading(const struct manager *m)
{
	char text[80];

	snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
	    clock_mono_ms() * 1000);
	tell(m, text);
}

void
manager_stopping(const struct manager *m)
{
	tell(m, "STOPPING=1\n");
}

void
manager_alive(const struct manager *m)
{
	tell(m, "WATCHDOG=1\n");
}
