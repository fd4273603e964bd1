/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/sockets.h"
#include "tests/unit/queue_fixture.h"

static int
connect_to(const char *directory, const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int rc, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", directory, name);
	rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return rc;
}

static bool
exists(const char *directory, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static void
binds_what_is_missing(void **state)
{
	char *directory = fixture_directory();
	struct sockets s;
	struct stat st;
	struct err e;
	char path[256];
	int i, first;

	(void)state;
	sockets_init(&s);
	assert_int_equal(sockets_bind(&s, directory, &e), 0);
	for (i = 0; i < SOCKETS; i++) {
		assert_int_equal(connect_to(directory, sockets_name(i)), 0);
		snprintf(
		    path, sizeof(path), "%s/%s", directory, sockets_name(i));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0666);
		assert_int_equal(fcntl(s.fd[i], F_GETFD), FD_CLOEXEC);
		assert_true((fcntl(s.fd[i], F_GETFL) & O_NONBLOCK) != 0);
	}
	/* What is there stays. */
	first = s.fd[0];
	assert_int_equal(sockets_bind(&s, directory, &e), 0);
	assert_int_equal(s.fd[0], first);
	sockets_close(&s);
	assert_int_equal(s.fd[0], -1);
	/* A stale name is replaced. */
	assert_int_equal(connect_to(directory, "submit"), -1);
	assert_int_equal(sockets_bind(&s, directory, &e), 0);
	assert_int_equal(connect_to(directory, "submit"), 0);
	sockets_retire(&s, directory);
	assert_false(exists(directory, "submit"));
	assert_false(exists(directory, "control"));
	fixture_remove(directory);
}

static void
a_name_that_is_gone_is_lost(void **state)
{
	char *directory = fixture_directory();
	struct sockets s;
	struct err e;
	char path[256];

	(void)state;
	sockets_init(&s);
	assert_false(sockets_are_lost(&s, directory));
	assert_int_equal(sockets_bind(&s, directory, &e), 0);
	assert_false(sockets_are_lost(&s, directory));
	sockets_drop_lost(&s, directory);
	assert_int_not_equal(s.fd[SOCKET_SUBMIT], -1);
	snprintf(path, sizeof(path), "%s/control", directory);
	assert_int_equal(unlink(path), 0);
	assert_true(sockets_are_lost(&s, directory));
	/* Where none could be made, what is there goes on. */
	assert_false(sockets_are_lost(&s, "/nonexistent"));
	sockets_drop_lost(&s, "/nonexistent");
	assert_int_not_equal(s.fd[SOCKET_SUBMIT], -1);
	sockets_drop_lost(&s, directory);
	assert_int_equal(s.fd[SOCKET_SUBMIT], -1);
	assert_int_equal(sockets_bind(&s, directory, &e), 0);
	assert_int_equal(connect_to(directory, "control"), 0);
	/* The name of one that was lent is not ours. */
	s.is_lent[SOCKET_SUBMIT] = true;
	snprintf(path, sizeof(path), "%s/submit", directory);
	assert_int_equal(unlink(path), 0);
	assert_false(sockets_are_lost(&s, directory));
	sockets_close(&s);
	fixture_remove(directory);
}

static void
tells_why_it_cannot_bind(void **state)
{
	char longest[200];
	struct sockets s;
	struct err e;

	(void)state;
	sockets_init(&s);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(sockets_bind(&s, longest, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
	assert_int_equal(sockets_bind(&s, "/nonexistent", &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/control"));
	assert_int_equal(s.fd[SOCKET_SUBMIT], -1);
}

/* Who sees it asks at once how the mail is going. */
static void
submit_comes_last(void **state)
{
	char *directory = fixture_directory(), path[256];
	struct sockets s;
	struct err e;

	(void)state;
	sockets_init(&s);
	snprintf(path, sizeof(path), "%s/control", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sockets_bind(&s, directory, &e), -1);
	assert_false(exists(directory, "submit"));
	assert_int_equal(rmdir(path), 0);
	fixture_remove(directory);
}

static int
made(int family, int type, bool listens)
{
	int fd = socket(family, type, 0);

	assert_true(fd >= 0);
	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void
adopts_only_what_serves(void **state)
{
	const struct {
		const char *name, *why;
		int family, type;
		bool listens;
	} bad[] = {
		{ "smtp", "\"smtp\"", AF_INET, SOCK_STREAM, true },
		{ "", "\"\"", AF_INET, SOCK_STREAM, true },
		{ "submit", "no local stream", AF_INET, SOCK_STREAM, true },
		{ "submit", "no local stream", AF_UNIX, SOCK_DGRAM, false },
		{ "control", "no local stream", AF_UNIX, SOCK_STREAM, false },
	};
	struct sockets s;
	struct err e;
	size_t i;
	int fd;

	(void)state;
	sockets_init(&s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = made(bad[i].family, bad[i].type, bad[i].listens);
		assert_int_equal(sockets_adopt(&s, fd, bad[i].name, &e), -1);
		assert_non_null(strstr(e.text, bad[i].why));
		close(fd);
	}
	assert_int_equal(sockets_adopt(&s, -1, "submit", &e), -1);
	assert_int_equal(s.fd[SOCKET_SUBMIT], -1);
	assert_int_equal(s.fd[SOCKET_CONTROL], -1);
}

static void
gives_back_what_was_lent(void **state)
{
	char *directory = fixture_directory();
	struct sockets theirs, ours;
	struct err e;
	int other;

	(void)state;
	sockets_init(&theirs);
	sockets_init(&ours);
	assert_int_equal(sockets_bind(&theirs, directory, &e), 0);
	other = dup(theirs.fd[SOCKET_SUBMIT]);
	assert_int_equal(
	    sockets_adopt(&ours, theirs.fd[SOCKET_SUBMIT], "submit", &e), 0);
	/* Each name once. */
	assert_int_equal(sockets_adopt(&ours, other, "submit", &e), -1);
	sockets_retire(&ours, directory);
	assert_int_equal(ours.fd[SOCKET_SUBMIT], theirs.fd[SOCKET_SUBMIT]);
	assert_int_equal(connect_to(directory, "submit"), 0);
	close(other);
	sockets_retire(&theirs, directory);
	fixture_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_what_is_missing),
		cmocka_unit_test(a_name_that_is_gone_is_lost),
		cmocka_unit_test(tells_why_it_cannot_bind),
		cmocka_unit_test(submit_comes_last),
		cmocka_unit_test(adopts_only_what_serves),
		cmocka_unit_test(gives_back_what_was_lent),
	};

	return cmocka_run_group_tests_name("sockets", tests, NULL, NULL);
}
