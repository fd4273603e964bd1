/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/door_rig.h"
#include "tests/unit/queue_fixture.h"

struct door_rig here;

int
set_up(void **state)
{
	guest_rig_open(state);
	here.before = fixture_next_fd();
	here.d = doors_new();
	here.conf = NULL;
	return 0;
}

void
reap_all(void)
{
	int status;
	pid_t pid;

	doors_renew(here.d);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		assert_true(doors_reaped(here.d, pid, status));
	assert_int_equal(doors_count(here.d), 0);
}

int
tear_down(void **state)
{
	doors_kill(here.d);
	reap_all();
	doors_free(here.d);
	assert_int_equal(fixture_next_fd(), here.before);
	conf_free(here.conf);
	return guest_rig_close(state);
}

/* Takes this configuration instead of the one before. */
void
set_conf(const char *listeners)
{
	struct conf *next = guest_rig_conf(listeners);

	doors_set_conf(here.d, next);
	conf_free(here.conf);
	here.conf = next;
}

/* A socket that listens on a port of its own. */
int
listening(const char *address, unsigned *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static int
port_is_free(unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
	rc = bind(fd, (struct sockaddr *)&in, sizeof(in));
	close(fd);
	return rc == 0;
}

/* Another one each time, that nobody has.  Neither the kernel gives it to a
   client, which would have one from 32768 on, nor tests/lib/ports.py to a test
   beside this one. */
unsigned
free_port(void)
{
	enum {
		FIRST = 9000,
		PORTS = 10240 - FIRST
	};
	static unsigned next;
	unsigned port, i;

	if (next == 0)
		next = (unsigned)getpid() * 37;
	for (i = 0; i < PORTS; i++) {
		port = FIRST + next++ % PORTS;
		if (port_is_free(port))
			return port;
	}
	fail_msg("no port from %d on is free", FIRST);
	return 0;
}

int
dial(const char *address, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Serves until the client has got a line, which begins so. */
void
assert_hears(int client, const char *want)
{
	static struct pollfd fds[DOORS_FDS + 1];
	char line[512];
	size_t n;

	for (;;) {
		n = doors_poll_fds(here.d, fds + 1);
		assert_int_equal(n, doors_fds(here.d));
		fds[0] = (struct pollfd){ .fd = client, .events = POLLIN };
		assert_true(poll(fds, n + 1, 30000) > 0);
		if (fds[0].revents != 0)
			break;
		doors_serve(here.d, fds + 1);
	}
	guest_rig_line(client, line, sizeof(line));
	line[strlen(want)] = '\0';
	assert_string_equal(line, want);
}

void
assert_greets(const char *address, unsigned port, const char *want)
{
	int fd = dial(address, port);

	assert_true(fd >= 0);
	assert_hears(fd, want);
	close(fd);
	reap_all();
}

struct door_view
view(const char *name)
{
	const struct conf_listen *l = conf_listen_find(here.conf, name);
	struct door_view v;
	struct err e;

	assert_int_equal(doors_view(here.d, here.conf,
			     (size_t)(l - here.conf->listeners), &v, &e),
	    0);
	assert_int_equal(
	    doors_view(here.d, here.conf, here.conf->nlisteners, &v, &e), -1);
	return v;
}
