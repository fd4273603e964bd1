/* SPDX-License-Identifier: ISC */
/*
 * Reaching a mailchuted, or starting one.  What is started finds its end of
 * the socketpair at the descriptor CTL_FD, and nothing else of ours: every
 * other descriptor is closed at exec.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/ctl_link.h"
#include "common/proto_ctl.h"

#define CONNECT_S 5    /* to a daemon whose backlog is full */
#define STOP_MS   2000 /* after that, who was asked to end puts it off */

static int
connect_to(const char *directory, bool *is_stuck, struct err *e)
{
	static const struct timeval wait = { .tv_sec = CONNECT_S };
	static const struct timeval forever = { 0 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(
	    sun.sun_path, sizeof(sun.sun_path), "%s/control", directory);
	if (n < 0 || (size_t)n >= sizeof(sun.sun_path))
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "queue.socket_directory %s is too long for a socket's name",
		    directory);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	/* The limit is connect's; later waits have deadlines of their own. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		*is_stuck = errno == EAGAIN;
		err_errno(e, ERR_TEMP, "4.4.1", "no mailchuted answers at %s",
		    sun.sun_path);
		close(fd);
		return -1;
	}
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
	return fd;
}

int
ctl_link_connect(const char *directory, struct err *e)
{
	bool is_stuck;

	return connect_to(directory, &is_stuck, e);
}

/* The child's side of fork: ends in mailchuted, or not at all. */
static void __attribute__((noreturn))
become_mailchuted(int fd, const struct ctl_place *where)
{
	const char *argv[6];
	size_t n = 0;

	argv[n++] = "mailchuted";
	argv[n++] = where->start == CTL_START_ONCE ? "--once" : "--answer";
	if (where->is_fenced)
		argv[n++] = "--no-commands";
	if (where->conf_path != NULL) {
		argv[n++] = "-C";
		argv[n++] = where->conf_path;
	}
	argv[n] = NULL;
	/* dup2 onto itself would leave the flag that closes it at exec. */
	if (fd == CTL_FD ? fcntl(fd, F_SETFD, 0) == 0
			 : dup2(fd, CTL_FD) == CTL_FD)
		/* execv changes nothing of it; its type is older than const. */
		execv(where->program, (char *const *)(uintptr_t)argv);
	_exit(CTL_EXIT_NOT_THERE);
}

static int
start_mailchuted(
    struct ctl_link *l, const struct ctl_place *where, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	l->child = fork();
	if (l->child == 0)
		become_mailchuted(pair[1], where);
	close(pair[1]);
	if (l->child == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "cannot start mailchuted");
		close(pair[0]);
		return -1;
	}
	l->fd = pair[0];
	return 0;
}

int
ctl_link_open(struct ctl_link *l, const struct ctl_place *where, struct err *e)
{
	l->child = -1;
	l->is_stuck = l->is_left = false;
	l->fd = connect_to(where->directory, &l->is_stuck, e);
	if (l->fd != -1)
		return 0;
	return l->is_stuck || where->start == CTL_START_NOTHING
		   ? -1
		   : start_mailchuted(l, where, e);
}

/* Does its end of the socket close, as an end of the process does to it? */
static bool
hangs_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline_ms = clock_mono_ms() + STOP_MS, left;
	char ignored[4096];
	ssize_t n = 1;

	while (n > 0 && (left = deadline_ms - clock_mono_ms()) > 0)
		if (poll(&p, 1, (int)left) > 0)
			n = read(fd, ignored, sizeof(ignored));
	return n <= 0;
}

bool
ctl_link_stop(struct ctl_link *l)
{
	if (l->child == -1)
		return true;
	/* The database is safe from that, as it is from a loss of power. */
	kill(l->child, SIGTERM);
	l->is_left = !hangs_up(l->fd);
	return !l->is_left;
}

int
ctl_link_close(struct ctl_link *l)
{
	int status;

	close(l->fd);
	l->fd = -1;
	if (l->child == -1)
		return 0;
	if (l->is_left) {
		l->child = -1;
		return CTL_EXIT_BROKEN;
	}
	while (waitpid(l->child, &status, 0) == -1)
		if (errno != EINTR)
			return CTL_EXIT_BROKEN;
	l->child = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CTL_EXIT_BROKEN;
}
