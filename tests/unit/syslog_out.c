/* SPDX-License-Identifier: ISC */
/* The system log, be it there, gone, started anew or hung. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/syslog_out.h"
#include "common/xalloc.h"

static struct {
	char *folder, *path;
	int logger; /* its socket */
	struct syslog_out out;
	unsigned waits;
} rig;

/* Nobody comes to drain the log while it is waited for. */
int
poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
	assert_int_equal(nfds, 1);
	assert_true(timeout > 0);
	fds[0].revents = 0;
	rig.waits++;
	return 0;
}

static void
start_logger(int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strlcpy(un.sun_path, rig.path, sizeof(un.sun_path));
	rig.logger = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_int_not_equal(rig.logger, -1);
	assert_int_equal(
	    bind(rig.logger, (struct sockaddr *)&un, sizeof(un)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(rig.logger, 4), 0);
}

static void
stop_logger(void)
{
	close(rig.logger);
	unlink(rig.path);
	rig.logger = -1;
}

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.logger = rig.out.fd = -1;
	rig.folder = xasprintf("%s/syslog.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(rig.folder));
	rig.path = xasprintf("%s/log", rig.folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (rig.logger != -1)
		stop_logger();
	if (rig.out.fd != -1)
		close(rig.out.fd);
	rmdir(rig.folder);
	free(rig.path);
	free(rig.folder);
	return 0;
}

static void
say(const char *line)
{
	syslog_out_line(&rig.out, rig.path, "smtpd", LOG_NOTICE, line);
}

/* What the logger hears next, without its stamp; "": nothing. */
static const char *
hears(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	char *own;

	text[n < 0 ? 0 : n] = '\0';
	if (n <= 0)
		return "";
	own = xasprintf(" smtpd[%ld]: ", (long)getpid());
	/* "<21>Nov  3 04:05:06 ": RFC 3164 4.1 */
	assert_memory_equal(text, text[2] == '0' ? "<20>" : "<21>", 4);
	assert_int_equal(text[7], ' ');
	assert_int_equal(text[10], ' ');
	assert_int_equal(text[13], ':');
	assert_memory_equal(text + 19, own, strlen(own));
	n = 19 + (ssize_t)strlen(own);
	free(own);
	return text + n;
}

static void
a_line_has_the_form_of_syslog(void **state)
{
	(void)state;
	start_logger(SOCK_DGRAM);
	syslog_out_open(&rig.out, rig.path);
	say("event=client %s");
	assert_string_equal(hears(rig.logger), "event=client %s");
	assert_string_equal(hears(rig.logger), "");
}

static void
one_that_wants_a_stream(void **state)
{
	char text[512];
	int fd;

	(void)state;
	start_logger(SOCK_STREAM);
	syslog_out_open(&rig.out, rig.path);
	say("one");
	say("two");
	fd = accept4(rig.logger, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(fd, -1);
	assert_string_equal(hears(fd), "one");
	/* both came at once, each with its end */
	say("three");
	assert_true(recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0);
	assert_non_null(strstr(text, ": three"));
	close(fd);
}

static void
one_that_was_started_anew(void **state)
{
	(void)state;
	start_logger(SOCK_DGRAM);
	syslog_out_open(&rig.out, rig.path);
	say("before");
	stop_logger();
	start_logger(SOCK_DGRAM);
	say("after");
	assert_string_equal(hears(rig.logger), "after");
	assert_int_equal(rig.out.lost, 0);
}

static void
one_that_was_not_there(void **state)
{
	(void)state;
	syslog_out_open(&rig.out, rig.path);
	say("one");
	say("two");
	start_logger(SOCK_DGRAM);
	say("three");
	assert_non_null(strstr(hears(rig.logger), "event=log-lost lines=2 "));
	assert_string_equal(hears(rig.logger), "three");
	assert_string_equal(hears(rig.logger), "");
	assert_int_equal(rig.waits, 0);
}

/* It is waited for once, however many lines there are. */
static void
one_that_hangs(void **state)
{
	char expected[64];
	unsigned taken = 0;
	int i;

	(void)state;
	start_logger(SOCK_DGRAM);
	syslog_out_open(&rig.out, rig.path);
	for (i = 0; i < 10000; i++)
		say("much");
	assert_int_equal(rig.waits, 1);
	for (; strcmp(hears(rig.logger), "much") == 0; taken++)
		continue;
	assert_true(taken > 0 && taken < 10000);
	say("again");
	snprintf(
	    expected, sizeof(expected), "lines=%u ", (unsigned)10000 - taken);
	assert_non_null(strstr(hears(rig.logger), expected));
	assert_string_equal(hears(rig.logger), "again");
	/* and so it is when it hangs another time */
	for (i = 0; i < 10000; i++)
		say("much");
	assert_int_equal(rig.waits, 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_line_has_the_form_of_syslog),
		TEST(one_that_wants_a_stream),
		TEST(one_that_was_started_anew),
		TEST(one_that_was_not_there),
		TEST(one_that_hangs),
	};

	return cmocka_run_group_tests_name("syslog_out", tests, NULL, NULL);
}
