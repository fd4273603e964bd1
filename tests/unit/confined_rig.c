/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
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
#include <seccomp.h>

#include "common/sandbox.h"
#include "common/sanitizer.h"
#include "tests/unit/confined_rig.h"

#define FAILED 255 /* the sandbox itself was refused */

pid_t confined_sibling;
int confined_log;
int confined_client[2];

static int sibling_fd; /* the sibling lives until this is closed */

int
confined_result(long rc)
{
	return rc == -1 ? errno : 0;
}

static const struct {
	const char *name;
	unsigned bit;
	enum sandbox_profile profile;
	bool is_made; /* beforehand, by another process */
} ways[] = {
	{ "deliver", D, SANDBOX_DELIVER, false },
	{ "a copy of smtpd", D, SANDBOX_DELIVER, true },
	{ "token", T, SANDBOX_TOKEN, false },
	{ "queue", Q, SANDBOX_QUEUE, false },
};

static struct sandbox_made *made;

/* From here on there is no Landlock. */
static int
forget_landlock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);

	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

/* In the child: ends it with the errno of the attempt. */
static void
enter_and_try(const struct attempt *a, size_t way)
{
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	/* cmocka catches it, to go on: where abort(3) gets no signal through.
	 */
	signal(SIGSEGV, SIG_DFL);
	if (dup2(confined_client[0], STDIN_FILENO) == -1 ||
	    dup2(confined_client[0], STDOUT_FILENO) == -1 ||
	    dup2(confined_client[0], 40) == -1 ||
	    dup2(confined_log, STDERR_FILENO) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    forget_landlock() != 0)
		_exit(FAILED);
	if ((ways[way].is_made
		    ? sandbox_enter_made(made, told, &e)
		    : sandbox_enter(ways[way].profile, SANDBOX_STRICT, NULL, 0,
			  told, &e)) == -1 ||
	    strstr(told, "no Landlock") == NULL)
		_exit(FAILED);
	_exit(a->try());
}

static int
outcome(const struct attempt *a, size_t way)
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0)
		enter_and_try(a, way);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Echoes what it is told, until there is nobody who does. */
static int
start_sibling(void)
{
	int fd[2];
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		return -1;
	fflush(NULL);
	if ((confined_sibling = fork()) == 0) {
		close(fd[1]);
		while (read(fd[0], &c, 1) == 1 && write(fd[0], &c, 1) == 1)
			;
		_exit(0);
	}
	close(fd[0]);
	sibling_fd = fd[1];
	return confined_sibling == -1 ? -1 : 0;
}

static void
end_sibling(void)
{
	close(sibling_fd);
	assert_int_equal(waitpid(confined_sibling, NULL, 0), confined_sibling);
}

/* What others have is as it was; else they get it anew. */
static const char *
harm(void)
{
	int flags = fcntl(confined_log, F_GETFL);
	char c = 'x';

	assert_int_equal(fcntl(confined_log, F_SETFL, O_APPEND), 0);
	if (send(sibling_fd, &c, 1, MSG_NOSIGNAL) != 1 ||
	    read(sibling_fd, &c, 1) != 1) {
		end_sibling();
		assert_int_equal(start_sibling(), 0);
		return "the sibling was ended";
	}
	return (flags & (O_APPEND | O_NONBLOCK)) == O_APPEND
		   ? NULL
		   : "the log has other flags";
}

/* Each has its own client, since one is hung up. */
static int
try_one(const struct attempt *a, size_t way)
{
	const char *harmed;
	int got, wrong = 0;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM, 0, confined_client), 0);
	got = outcome(a, way);
	close(confined_client[0]);
	close(confined_client[1]);
	harmed = harm();
	if (got != a->want) {
		print_message("# %s: %s: got %d, want %d\n", ways[way].name,
		    a->name, got, a->want);
		wrong++;
	}
	if (harmed != NULL) {
		print_message(
		    "# %s: %s: %s\n", ways[way].name, a->name, harmed);
		wrong++;
	}
	return wrong;
}

int
confined_wrong(const struct attempt *attempts, size_t n)
{
	size_t i, way;
	int wrong = 0;

	made = sandbox_make();
	assert_non_null(made);
	for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
		for (i = 0; i < n; i++)
			if ((attempts[i].who & ways[way].bit) != 0 &&
			    (!SANITIZED || !attempts[i].is_plain))
				wrong += try_one(&attempts[i], way);
	sandbox_unmake(made);
	return wrong;
}

int
confined_prepare(void **state)
{
	char path[] = "/tmp/confined.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd == -1)
		return -1;
	close(fd);
	confined_log = open(path, O_WRONLY | O_APPEND);
	unlink(path);
	return confined_log == -1 ? -1 : start_sibling();
}

int
confined_leave(void **state)
{
	(void)state;
	end_sibling();
	return 0;
}
