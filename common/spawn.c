/* SPDX-License-Identifier: ISC */
/*
 * fork and exec.  Between the two nothing is called that may allocate or
 * lock, and the child says by a pipe whether exec worked.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "common/log.h"
#include "common/priv.h"
#include "common/sanitizer.h"
#include "common/spawn.h"

#define FIRST_KEPT 3
#define KEPT_MAX   4

extern char **environ;

/* A build with sanitizers hands on what steers them, with all the rest. */
static const char *const child_environ[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	NULL,
};

/*
 * What stops the daemon is often sent to all of its processes: ^C at a
 * terminal, a service manager that ends a whole group.  A child that is
 * stopped by word of mouth does not die of it in the middle of a message.
 */
static void
set_signals(bool is_told_to_stop)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	if (is_told_to_stop) {
		signal(SIGHUP, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Moves every descriptor above those to be filled first, so that none is
 * overwritten before it was used.
 */
static int
move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_KEPT + KEPT_MAX + 8);
}

static void __attribute__((noreturn)) become(const struct spawn *s, int report)
{
	int i, fd[FIRST_KEPT + KEPT_MAX], null, error;
	int n = FIRST_KEPT + (int)s->nkeep;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	report = move_up(report);
	for (i = 0; i < n; i++) {
		fd[i] = i == 0   ? s->in
			: i == 1 ? s->out
			: i == 2 ? (s->log == -1 ? log_fd() : s->log)
				 : s->keep[i - FIRST_KEPT];
		if ((fd[i] = move_up(fd[i] == -1 ? null : fd[i])) == -1)
			goto fail;
	}
	for (i = 0; i < n; i++)
		if (dup2(fd[i], i) == -1)
			goto fail;
	/* Everything else is close-on-exec. */
	/* Before the line below: a change of the user undoes it. */
	if (s->drops && priv_drop(s->uid, s->gid, NULL) == -1) {
		errno = EPERM;
		goto fail;
	}
#ifdef __linux__
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		goto fail;
#endif
	if (s->leads_group && setpgid(0, 0) == -1)
		goto fail;
	set_signals(s->is_told_to_stop);
	/* exec changes none of the strings, whatever its prototype says. */
	execve(s->argv[0], (char *const *)(uintptr_t)s->argv,
	    SANITIZED ? environ : (char *const *)(uintptr_t)child_environ);
fail:
	error = errno;
	if (write(report, &error, sizeof(error)) == -1)
		_exit(126);
	_exit(127);
}

pid_t
spawn_start(const struct spawn *s, struct err *e)
{
	int report[2], error;
	ssize_t n;
	pid_t pid;

	if (s->nkeep > KEPT_MAX)
		return err_set(e, ERR_LOCAL, "4.3.5", "too many descriptors");
	if (pipe2(report, O_CLOEXEC) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "pipe");
	if ((pid = fork()) == 0)
		become(s, report[1]);
	close(report[1]);
	if (pid == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "cannot start %s", s->argv[0]);
		close(report[0]);
		return -1;
	}
	do
		n = read(report[0], &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	close(report[0]);
	if (n == 0)
		return pid;
	/* It may run, when all that failed is to hear of it. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	errno = n == (ssize_t)sizeof(error) ? error : EIO;
	return err_errno(
	    e, err_class_of(errno), "4.3.5", "cannot start %s", s->argv[0]);
}
