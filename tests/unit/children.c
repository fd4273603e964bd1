/* SPDX-License-Identifier: ISC */
/*
 * The parent's children that sign in by tokens: token gets its secrets and
 * hands over a token, and each deliver after that gets it.  Both programs are
 * this one, by other names.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/memfile.h"
#include "common/proto_job.h"
#include "common/xalloc.h"
#include "queue/children.h"

#include "tests/unit/queue_fixture.h"

#define GUID     "00000000-0000-4000-8000-00000000000f"
#define DEADLINE (clock_mono_ms() + 60000)

/* ---- the programs ---- */

static int
ask_parent(char octet, char text[FDPASS_TEXT_MAX])
{
	int fd;

	if (send(SECRET_FD, &octet, 1, 0) != 1 ||
	    fdpass_recv(SECRET_FD, &fd, text, DEADLINE, NULL) == -1)
		_exit(2);
	return fd;
}

/* Says what it got to the queue process, which is the test. */
static void
tell(const char *text)
{
	if (write(JOB_FD, text, strlen(text) + 1) == -1)
		_exit(3);
}

static int
act_token(void)
{
	char text[FDPASS_TEXT_MAX], secret[32], token[64];
	int fd = ask_parent(TOKEN_GIVE_SECRET, text);
	ssize_t n;

	if (fd == -1) {
		tell(text);
		return 0;
	}
	n = read(fd, secret, sizeof(secret) - 1);
	secret[n < 0 ? 0 : n] = '\0';
	fd = ask_parent(TOKEN_GIVE_PLACE, text);
	snprintf(token, sizeof(token), "token for %s", secret);
	if (write(fd, token, strlen(token)) == -1 || memfile_seal(fd, NULL))
		return 4;
	ask_parent(TOKEN_KEEP_PLACE, text);
	tell(text[0] == '\0' ? "granted" : text);
	/* Until the queue process hangs up. */
	return read(JOB_FD, text, 1) == 0 ? 0 : 5;
}

/* Twice, as two that share the descriptor would. */
static int
act_deliver(void)
{
	char text[FDPASS_TEXT_MAX], token[2][64];
	int i, fd = ask_parent('S', text);
	ssize_t n;

	for (i = 0; i < 2 && fd != -1; i++) {
		n = pread(fd, token[i], sizeof(token[i]) - 1, 0);
		token[i][n < 0 ? 0 : n] = '\0';
	}
	if (fd != -1)
		lseek(fd, 0, SEEK_END);
	tell(fd == -1 ? text : token[1]);
	return 0;
}

/* ---- the parent ---- */

static struct {
	char *folder;
	struct conf *conf;
	struct children *children;
} here;

static struct conf *
configure(const char *more)
{
	const struct conf_host host = { "web01.example", "", NULL };
	struct conf_problems problems = { 0 };
	char *path = xasprintf("%s/mailchute.conf", here.folder);
	char *text = xasprintf("[queue]\ndirectory = %s\n[account]\n"
			       "user = a@contoso.com\ntenant = t.example\n"
			       "client_id = " GUID "\n"
			       "client_secret_file = secret\n%s",
	    here.folder, more);
	struct conf *c =
	    conf_parse(path, text, strlen(text), CONF_FULL, &host, &problems);

	assert_non_null(c);
	conf_problems_clear(&problems);
	free(text);
	free(path);
	return c;
}

static int
set_up(void **state)
{
	char *path;
	int fd;

	(void)state;
	here.folder = fixture_directory();
	path = xasprintf("%s/secret", here.folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "S", 1), 1);
	close(fd);
	free(path);
	here.conf = configure("");
	here.children = children_new(here.conf, false, doors_new());
	return 0;
}

static int
tear_down(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		children_reaped(here.children, pid, status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(children_count(here.children), 0);
	children_free(here.children);
	conf_free(here.conf);
	fixture_remove(here.folder);
	return 0;
}

static int
start(enum ask_what what)
{
	struct ask_request r = { .what = what };
	struct ask_answer a;
	int fd = -1;

	memset(&a, 0, sizeof(a));
	assert_true(children_answer(here.children, &r, &a, &fd));
	assert_int_equal(a.ok, fd != -1);
	return fd;
}

/* Serves the children until one of them has said something. */
static void
hear(int job, char *text, size_t size)
{
	struct pollfd fds[CHILDREN_FDS + 1];
	size_t n;

	for (;;) {
		n = children_poll_fds(here.children, fds);
		fds[n] = (struct pollfd){ .fd = job, .events = POLLIN };
		assert_true(poll(fds, n + 1, 30000) > 0);
		if (fds[n].revents != 0)
			break;
		children_serve(here.children, fds, n);
	}
	assert_true(read(job, text, size) > 0);
}

static void
assert_said(int job, const char *want)
{
	char text[FDPASS_TEXT_MAX];

	hear(job, text, sizeof(text));
	assert_string_equal(text, want);
	close(job);
}

static void
assert_known(bool want, int64_t until)
{
	struct ask_request r = { .what = ASK_KNOWN };
	struct ask_answer a;
	int fd = -1;

	memset(&a, 0, sizeof(a));
	assert_true(children_answer(here.children, &r, &a, &fd));
	assert_int_equal(a.ok, want);
	if (want)
		assert_int_equal(a.granted.until, until);
}

static void
get_token(void)
{
	assert_said(start(ASK_TOKEN), "granted");
}

static void
without_a_token_it_may_pass(void **state)
{
	(void)state;
	assert_said(start(ASK_DELIVER), "4 there is no access token yet");
}

static void
each_deliver_gets_the_token(void **state)
{
	(void)state;
	get_token();
	assert_said(start(ASK_DELIVER), "token for S");
	assert_said(start(ASK_DELIVER), "token for S");
}

static void
one_asks_at_a_time(void **state)
{
	char text[FDPASS_TEXT_MAX];
	int job = start(ASK_TOKEN);

	(void)state;
	hear(job, text, sizeof(text));
	assert_int_equal(start(ASK_TOKEN), -1);
	close(job);
}

static void
what_was_said_stays_over_a_reload(void **state)
{
	struct token_granted g = { .until = time(NULL) + 1000 };
	struct conf *next = configure("linger = 20s\n");

	(void)state;
	get_token();
	assert_known(false, 0);
	children_granted(here.children, 0, &g);
	assert_known(true, g.until);
	children_granted(here.children, 99, &g);
	children_set_conf(here.children, next);
	conf_free(here.conf);
	here.conf = next;
	assert_known(true, g.until);
	assert_said(start(ASK_DELIVER), "token for S");
	next = configure("scope = other\n");
	children_set_conf(here.children, next);
	conf_free(here.conf);
	here.conf = next;
	assert_known(false, 0);
	assert_said(start(ASK_DELIVER), "4 there is no access token yet");
}

/* One of the configuration before gets nothing, and is in nobody's way. */
static void
a_reload_cuts_token_off(void **state)
{
	char text[FDPASS_TEXT_MAX];
	struct conf *next = configure("scope = other\n");
	int job = start(ASK_TOKEN);

	(void)state;
	hear(job, text, sizeof(text));
	children_set_conf(here.children, next);
	conf_free(here.conf);
	here.conf = next;
	get_token();
	close(job);
}

static void
a_fork_has_no_token(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	get_token();
	if ((pid = fork()) == 0) {
		children_close(here.children);
		for (status = 3; status < 64; status++)
			if (memfile_is_sealed(status))
				_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_listener_that_there_is_not(void **state)
{
	struct ask_request r = { .what = ASK_LISTENER, .listener = 0 };
	struct ask_answer a;
	int fd = -1;

	(void)state;
	memset(&a, 0, sizeof(a));
	assert_true(children_answer(here.children, &r, &a, &fd));
	assert_false(a.ok);
	assert_int_equal(fd, -1);
}

/* ---- the programs' folder ---- */

static void
link_program(const char *name)
{
	char self[4096], path[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/%s", PATH_LIBEXEC, name);
	(void)unlink(path);
	assert_int_equal(symlink(self, path), 0);
}

static int
make_programs(void **state)
{
	(void)state;
	if (mkdir(PATH_LIBEXEC, 0755) == -1 && errno != EEXIST)
		return -1;
	link_program("token");
	link_program("deliver");
	return 0;
}

static int
remove_programs(void **state)
{
	(void)state;
	(void)unlink(PATH_LIBEXEC "/token");
	(void)unlink(PATH_LIBEXEC "/deliver");
	return rmdir(PATH_LIBEXEC);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(without_a_token_it_may_pass),
		T(each_deliver_gets_the_token),
		T(one_asks_at_a_time),
		T(what_was_said_stays_over_a_reload),
		T(a_reload_cuts_token_off),
		T(a_fork_has_no_token),
		T(a_listener_that_there_is_not),
	};

	(void)argc;
	if (strcmp(argv[0], PATH_LIBEXEC "/token") == 0)
		return act_token();
	if (strcmp(argv[0], PATH_LIBEXEC "/deliver") == 0)
		return act_deliver();
	return cmocka_run_group_tests(tests, make_programs, remove_programs);
}
