/* SPDX-License-Identifier: ISC */
/* Becoming a daemon, with an honest exit status for whoever started it. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/background.h"

int
background_enter(void)
{
	int fd[2], status;
	char octet;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		fatalx(EX_OSERR, "cannot start in the background: %s",
		    strerror(errno));
	if (pid == 0) {
		close(fd[0]);
		setsid();
		return fd[1];
	}
	close(fd[1]);
	if (read(fd[0], &octet, 1) == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0
		  ? WEXITSTATUS(status)
		  : EX_SOFTWARE);
}

void
background_ready(int fd)
{
	if (fd != -1 && write(fd, "R", 1) == -1)
		log_text(LOG_NOTICE, "start", "nobody waits for the start");
}

int
background_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

void
background_leave(int null, bool keep_stderr)
{
	if (null == -1)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!keep_stderr)
		dup2(null, STDERR_FILENO);
	close(null);
}

void
background_write_pid(const char *path)
{
	char *new = xasprintf("%s.new", path);
	bool is_written = false;
	int fd;

	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd != -1)
		is_written = fchmod(fd, 0644) == 0 &&
			     dprintf(fd, "%ld\n", (long)getpid()) > 0;
	/* Whoever finds the name finds a number in it. */
	if (!is_written || rename(new, path) == -1)
		log_text(
		    LOG_WARNING, "pidfile", "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	free(new);
}
