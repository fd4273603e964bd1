/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/manager.h"
#include "tests/unit/queue_fixture.h"

#define OURS "(us)" /* stands for the id of the process that reads it */

/* What the environment says, and what is to be made of it. */
struct meeting {
	const char *watchdog, *watchdog_pid;
	const char *listen_fds, *listen_pid, *listen_names;
	const char *notify;
	int rc;
	int64_t alive_ms;
	bool has_submit, has_socket;
	bool is_network; /* descriptor 3 */
	size_t nlent;
};

static const struct meeting meetings[] = {
	{ .rc = 0 },
	{ .watchdog = "3000000", .alive_ms = 1000 },
	{ .watchdog = "3000000", .watchdog_pid = OURS, .alive_ms = 1000 },
	{ .watchdog = "3000000", .watchdog_pid = "1" },
	{ .watchdog = "3000000", .watchdog_pid = "x" },
	{ .watchdog = "-1" },
	{ .watchdog = "soon" },
	{ .notify = "/run/notify", .has_socket = true },
	{ .notify = "@abstract", .has_socket = true },
	{ .notify = "vsock:2:1234" },
	{ .notify = "" },
	{ .listen_fds = "1",
	    .listen_pid = OURS,
	    .listen_names = "submit",
	    .has_submit = true },
	{ .listen_fds = "1", .listen_pid = "1", .listen_names = "submit" },
	{ .listen_fds = "0", .listen_pid = OURS, .listen_names = "submit" },
	{ .listen_fds = "35", .listen_pid = OURS, .listen_names = "submit" },
	{ .listen_fds = "1", .listen_pid = OURS, .rc = -1 },
	{ .listen_fds = "1",
	    .listen_pid = OURS,
	    .listen_names = "control2",
	    .rc = -1 },
	{ .listen_fds = "1",
	    .listen_pid = OURS,
	    .listen_names = "scan",
	    .is_network = true,
	    .nlent = 1 },
	{ .listen_fds = "1",
	    .listen_pid = OURS,
	    .listen_names = "submit",
	    .is_network = true,
	    .rc = -1 },
};

static void
put(const char *name, const char *value)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, strcmp(value, OURS) == 0 ? pid : value, 1);
}

/* A listening socket as descriptor 3, and one that nobody should have. */
static bool
lend(const char *path, bool is_network)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	unlink(path);
	fd = socket(is_network ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
	return (is_network ||
		   bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0) &&
	       listen(fd, 1) == 0 && dup2(fd, 3) == 3 && dup2(fd, 9) == 9;
}

/* In a process of its own, since descriptors and environment are changed. */
static int
meet(const struct meeting *want, const char *path)
{
	struct manager m;
	struct lent lent = { .n = 0 };
	struct sockets s;
	struct err e;

	sockets_init(&s);
	if (!lend(path, want->is_network))
		return 1;
	put("WATCHDOG_USEC", want->watchdog);
	put("WATCHDOG_PID", want->watchdog_pid);
	put("LISTEN_FDS", want->listen_fds);
	put("LISTEN_PID", want->listen_pid);
	put("LISTEN_FDNAMES", want->listen_names);
	put("NOTIFY_SOCKET", want->notify);
	if (manager_meet(&m, &s, &lent, &e) != want->rc)
		return 2;
	if (m.alive_ms != want->alive_ms)
		return 3;
	if ((m.socket != NULL) != want->has_socket)
		return 4;
	if ((s.fd[SOCKET_SUBMIT] == 3) != want->has_submit)
		return 5;
	if (lent.n != want->nlent)
		return 8;
	if (getenv("WATCHDOG_USEC") != NULL || getenv("LISTEN_FDS") != NULL ||
	    getenv("NOTIFY_SOCKET") != NULL)
		return 6;
	if (fcntl(9, F_GETFD) != -1)
		return 7;
	/* With nobody there to hear, nothing happens. */
	manager_ready(&m);
	manager_clear(&m);
	return 0;
}

static void
takes_what_is_meant_for_us(void **state)
{
	char *directory = fixture_directory(), path[256];
	int status;
	size_t i;
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "%s/s", directory);
	for (i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(meet(&meetings[i], path));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("meeting %zu: status %d", i, status >> 8);
	}
	fixture_remove(directory);
}

static void
tells_in_its_words(void **state)
{
	char *directory = fixture_directory(), path[256], text[200];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct manager m = { path, 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/notify", directory);
	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	manager_ready(&m);
	manager_reloading(&m);
	manager_alive(&m);
	manager_stopping(&m);
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(n, 8);
	assert_memory_equal(text, "READY=1\n", 8);
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "RELOADING=1\nMONOTONIC_USEC="));
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(n, 11);
	assert_memory_equal(text, "WATCHDOG=1\n", 11);
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(n, 11);
	assert_memory_equal(text, "STOPPING=1\n", 11);
	close(fd);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_meant_for_us),
		cmocka_unit_test(tells_in_its_words),
	};

	return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
