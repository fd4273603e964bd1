/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

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

#include "common/proto_check.h"
#include "common/xalloc.h"
#include "tests/unit/checker_rig.h"
#include "tests/unit/conf_help.h"
#include "tests/unit/queue_fixture.h"

struct checker_rig checker_rig;

/* ---- the program ---- */

static int
tell(const struct check_outcome *o)
{
	struct buf b;
	int rc;

	buf_init(&b, CHECK_MAX);
	rc = check_put_outcome(&b, o) == 0 &&
		     send(CHECK_PARENT_FD, b.data, b.len, 0) == (ssize_t)b.len
		 ? 0
		 : 1;
	buf_clear(&b);
	return rc;
}

static int
answer(const char *password)
{
	static char login[] = "scanner", senders[] = "@contoso.com";
	static char why[] = "no hash";
	const struct check_outcome right = { CHECK_RIGHT, login, senders, 0,
		NULL };
	const struct check_outcome wrong = { CHECK_WRONG, login, NULL, 0,
		NULL };
	const struct check_outcome unable = { CHECK_UNABLE, NULL, NULL, 3,
		why };
	static char huge[2 * CHECK_MAX];

	if (strcmp(password, "right") == 0)
		return tell(&right);
	if (strcmp(password, "wrong") == 0)
		return tell(&wrong);
	if (strcmp(password, "unable") == 0)
		return tell(&unable);
	if (strcmp(password, "odd") == 0)
		return send(CHECK_PARENT_FD, "?", 1, 0) == 1 ? 0 : 1;
	if (strcmp(password, "huge") == 0) {
		/* a frame that is an answer, and goes on */
		(void)memcpy(huge, "\3\0\0\77\373", 5);
		return send(CHECK_PARENT_FD, huge, sizeof(huge), 0) > 0 ? 0 : 1;
	}
	return 0;
}

static int
act(void)
{
	char p[CHECK_MAX];
	struct check_setup s;
	struct check_login l;
	struct frame f;
	struct err e;
	ssize_t n = recv(CHECK_PARENT_FD, p, sizeof(p), 0);
	int rc;

	if (n <= 0 || frame_parse(p, (size_t)n, &f) != n ||
	    check_get_setup(&f, &s, &e) == -1)
		return 2;
	n = recv(CHECK_FD, p, sizeof(p), 0);
	if (n <= 0)
		return 0;
	if (frame_parse(p, (size_t)n, &f) != n ||
	    check_get_login(&f, &l, &e) == -1)
		return 3;
	rc = answer(l.password);
	check_login_clear(&l);
	return rc;
}

void
checker_rig_program(int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], PATH_LIBEXEC "/smtpd") == 0)
		_exit(act());
}

/* ---- around it ---- */

static void
link_program(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	(void)mkdir(PATH_LIBEXEC, 0700);
	(void)unlink(PATH_LIBEXEC "/smtpd");
	assert_int_equal(symlink(self, PATH_LIBEXEC "/smtpd"), 0);
}

int
checker_rig_open(void **state)
{
	char *text;
	int fd;

	(void)state;
	link_program();
	checker_rig.folder = fixture_directory();
	text = xasprintf("%s/users", checker_rig.folder);
	fd = open(text, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	free(text);
	text = xasprintf(MAILBOX "[listen scan]\nauth = required\n"
				 "users_file = %s/users\n",
	    checker_rig.folder);
	checker_rig.conf = good(text);
	checker_rig.listener = &checker_rig.conf->listeners[0];
	free(text);
	return 0;
}

int
checker_rig_close(void **state)
{
	(void)state;
	conf_free(checker_rig.conf);
	fixture_remove(checker_rig.folder);
	(void)unlink(PATH_LIBEXEC "/smtpd");
	(void)rmdir(PATH_LIBEXEC);
	return 0;
}

void
checker_rig_say(int fd, const char *password)
{
	struct check_login l = { (char *)(uintptr_t) "Scanner",
		(char *)(uintptr_t)password };
	struct buf b;

	buf_init(&b, CHECK_MAX);
	assert_int_equal(check_put_login(&b, &l), 0);
	assert_int_equal(send(fd, b.data, b.len, 0), b.len);
	buf_wipe(&b);
	close(fd);
}
