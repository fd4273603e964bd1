/* SPDX-License-Identifier: ISC */
/*
 * The way to a mailchuted, whose part this very program plays when it is
 * started with an option: it says how it was called, and exits as -C asks.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/ctl_link.h"
#include "common/proto_ctl.h"
#include "common/xalloc.h"

static const char *self; /* argv[0], which has a slash in it */
static char *directory;

/* ---- the part of mailchuted ---- */

static int
play(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		dprintf(CTL_FD, "%s ", argv[i]);
	/* Nothing of the caller's came along. */
	dprintf(CTL_FD, "%s", close(CTL_FD + 1) == -1 ? "" : "and a leak");
	if (strcmp(argv[argc - 1], "die") == 0)
		raise(SIGKILL);
	return (int)strtonum(argv[argc - 1], 0, 255, NULL);
}

static void
read_all(int fd, char *said, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
}

/* ---- a daemon that runs ---- */

static int
listen_there(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control", directory);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static struct ctl_place
place(enum ctl_start start, const char *conf_path)
{
	return (struct ctl_place){ .directory = directory,
		.start = start,
		.program = self,
		.conf_path = conf_path };
}

static void
a_daemon_that_runs_is_asked(void **state)
{
	struct ctl_place where = place(CTL_START_ANSWER, "0");
	int listener = listen_there();
	struct ctl_link l;
	struct err e;

	(void)state;
	assert_int_equal(ctl_link_open(&l, &where, &e), 0);
	assert_int_equal(l.child, -1);
	assert_true(ctl_link_stop(&l)); /* nobody */
	assert_int_equal(ctl_link_close(&l), 0);
	close(listener);
}

/* One that takes no clients in: another beside it would find no more. */
static void
a_daemon_that_hangs_is_not_replaced(void **state)
{
	struct ctl_place where = place(CTL_START_ANSWER, "0");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = listen_there(), waiting[8];
	struct ctl_link l;
	struct err e;
	size_t n = 0;

	(void)state;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control", directory);
	do {
		assert_in_range(n, 0, 7);
		waiting[n] = socket(
		    AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	} while (
	    connect(waiting[n++], (struct sockaddr *)&sun, sizeof(sun)) == 0);
	assert_int_equal(ctl_link_open(&l, &where, &e), -1);
	assert_int_equal(l.child, -1);
	assert_true(l.is_stuck);
	while (n > 0)
		close(waiting[--n]);
	close(listener);
}

static void
nobody_is_there(void **state)
{
	struct ctl_place where = place(CTL_START_NOTHING, NULL);
	struct ctl_link l;
	struct err e;

	(void)state;
	assert_int_equal(ctl_link_open(&l, &where, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, directory));
}

/* The socket is there, and whoever made it is not. */
static void
a_stale_socket_is_nobody(void **state)
{
	struct ctl_place where = place(CTL_START_NOTHING, NULL);
	struct ctl_link l;
	struct err e;

	(void)state;
	close(listen_there());
	assert_int_equal(ctl_link_open(&l, &where, &e), -1);
	assert_non_null(strstr(e.text, "refused"));
}

static void
a_path_that_is_too_long_is_told(void **state)
{
	char longest[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct err e;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(ctl_link_connect(longest, &e), -1);
	assert_non_null(strstr(e.text, "too long"));
	assert_non_null(strstr(e.text, longest));
	/* The longest that fits is looked for. */
	longest[sizeof(longest) - sizeof("/control")] = '\0';
	assert_int_equal(ctl_link_connect(longest, &e), -1);
	assert_non_null(strstr(e.text, "no mailchuted answers"));
	assert_int_equal(ctl_link_connect(longest, NULL), -1);
}

/* ---- one that is started ---- */

static void
it_is_started_as_its_work_needs(void **state)
{
	static const struct {
		enum ctl_start start;
		bool is_fenced;
		const char *said;
	} cases[] = {
		{ CTL_START_ANSWER, false, "mailchuted --answer -C 7 " },
		{ CTL_START_ONCE, false, "mailchuted --once -C 7 " },
		{ CTL_START_ANSWER, true,
		    "mailchuted --answer --no-commands -C 7 " },
	};
	struct ctl_place where;
	struct ctl_link l;
	char said[256];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		where = place(cases[i].start, "7");
		where.is_fenced = cases[i].is_fenced;
		assert_int_equal(ctl_link_open(&l, &where, &e), 0);
		assert_int_not_equal(l.child, -1);
		read_all(l.fd, said, sizeof(said));
		assert_string_equal(said, cases[i].said);
		assert_int_equal(ctl_link_close(&l), 7);
	}
}

static void
how_it_ends_is_told(void **state)
{
	struct ctl_place where = place(CTL_START_ANSWER, "die");
	struct ctl_link l;
	char said[256];
	struct err e;

	(void)state;
	assert_int_equal(ctl_link_open(&l, &where, &e), 0);
	read_all(l.fd, said, sizeof(said));
	assert_int_equal(ctl_link_close(&l), CTL_EXIT_BROKEN);
	where.program = "/nonexistent/mailchuted";
	assert_int_equal(ctl_link_open(&l, &where, &e), 0);
	assert_int_equal(ctl_link_close(&l), CTL_EXIT_NOT_THERE);
}

/* ---- each in a folder of its own ---- */

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	directory = xasprintf("%s/ctl.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char *path = xasprintf("%s/control", directory);

	(void)state;
	unlink(path);
	free(path);
	rmdir(directory);
	free(directory);
	return 0;
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_daemon_that_runs_is_asked),
		in_folder(a_daemon_that_hangs_is_not_replaced),
		in_folder(nobody_is_there),
		in_folder(a_stale_socket_is_nobody),
		in_folder(a_path_that_is_too_long_is_told),
		in_folder(it_is_started_as_its_work_needs),
		in_folder(how_it_ends_is_told),
	};

	if (argc > 1)
		return play(argc, argv);
	self = argv[0];
	return cmocka_run_group_tests_name("ctl_link", tests, NULL, NULL);
}
