/* SPDX-License-Identifier: ISC */
/* The control socket: how many clients there may be, and of whom. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_ctl.h"
#include "common/xalloc.h"
#include "queue/control.h"
#include "queue/sockets.h"
#include "tests/unit/control_rig.h"

#define OTHERS   112 /* together */
#define EACH     16
#define FOR_ROOT 16

static struct {
	struct sockets sockets;
	struct control *c;
} here;

static void
up(void)
{
	struct control_parts cp = {
		.base = rig.o.parts.base,
		.conf = rig.o.conf,
		.identity = &rig.o.identity,
		.store = rig.o.parts.store,
		.batch = rig.o.parts.batch,
		.dispatch = rig.o.parts.dispatch,
		.limits = rig.o.parts.limits,
		.alarms = rig.o.parts.alarms,
		.calendar = rig.o.parts.calendar,
		.is_daemon = true,
	};
	char *run = xasprintf("%s/run", rig.o.directory);

	sockets_init(&here.sockets);
	assert_int_equal(sockets_bind(&here.sockets, run, &rig.o.e), 0);
	here.c = control_new(&cp, here.sockets.fd[SOCKET_CONTROL]);
	/* Lets any user reach the socket, as the real folders do. */
	assert_int_equal(chmod(rig.o.directory, 0755), 0);
	assert_int_equal(chmod(run, 0755), 0);
	free(run);
}

static void
down(void)
{
	control_free(here.c);
	sockets_retire(&here.sockets, rig.o.conf->queue.socket_directory);
}

static int
dial_as(uid_t uid)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/control",
	    rig.o.directory);
	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(seteuid(0), 0);
	office_run(&rig.o);
	return fd;
}

/* It waits for our question, and has not hung up. */
static bool
is_served(int fd)
{
	char octet;
	ssize_t n = recv(fd, &octet, 1, MSG_DONTWAIT);

	return n == -1 && errno == EAGAIN;
}

/* Its answer, up to DONE. */
static void
assert_answers(int fd)
{
	struct ctl_request r = { .verb = CTL_LIST };
	char bytes[4096], *text = NULL;
	int status = -1;
	struct frame f;
	struct buf b;
	ssize_t n, at, used;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, &r), 0);
	assert_int_equal(send(fd, buf_data(&b), b.len, 0), b.len);
	buf_clear(&b);
	office_run(&rig.o);
	n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	for (at = 0; at < n; at += used) {
		used = frame_parse(bytes + at, (size_t)(n - at), &f);
		assert_true(used > 0);
		if (f.type == CTL_DONE)
			assert_int_equal(
			    ctl_get_done(&f, &status, &text, &rig.o.e), 0);
	}
	free(text);
	assert_int_equal(status, 0);
}

static void
one_user_has_so_many(void **state)
{
	int fd[EACH + 1], i;

	(void)state;
	if (geteuid() != 0)
		skip();
	up();
	for (i = 0; i < EACH; i++) {
		fd[i] = dial_as(STRANGER);
		assert_true(is_served(fd[i]));
	}
	fd[EACH] = dial_as(STRANGER);
	assert_false(is_served(fd[EACH]));
	close(fd[EACH]);
	/* One that goes makes room for one more. */
	close(fd[0]);
	office_run(&rig.o);
	fd[0] = dial_as(STRANGER);
	assert_true(is_served(fd[0]));
	for (i = 0; i < EACH; i++)
		close(fd[i]);
	down();
}

/* Many users with a few each cannot keep root from looking and acting. */
static void
some_are_kept_for_root(void **state)
{
	int fd[OTHERS + FOR_ROOT], i, one;

	(void)state;
	if (geteuid() != 0)
		skip();
	up();
	for (i = 0; i < OTHERS; i++) {
		fd[i] = dial_as(STRANGER + (uid_t)i / EACH);
		assert_true(is_served(fd[i]));
	}
	one = dial_as(STRANGER + 999);
	assert_false(is_served(one));
	close(one);
	for (; i < OTHERS + FOR_ROOT; i++) {
		fd[i] = dial_as(0);
		assert_true(is_served(fd[i]));
	}
	one = dial_as(0);
	assert_false(is_served(one));
	close(one);
	assert_answers(fd[OTHERS]);
	while (i > 0)
		close(fd[--i]);
	down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(one_user_has_so_many),
		in_rig(some_are_kept_for_root),
	};

	return cmocka_run_group_tests_name("control_serve", tests, NULL, NULL);
}
