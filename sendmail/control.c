/* SPDX-License-Identifier: ISC */
/*
 * Finds a mailchuted to ask.  The front end knows no database: where no daemon
 * runs, mailchuted itself is started on a socketpair, with the caller's own
 * rights, and speaks as the daemon would.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proto_ctl.h"
#include "sendmail/control.h"

#define MAILCHUTED     PATH_SBIN "/mailchuted"
#define REQUEST_MAX    FRAME_MAX
#define SILENCE_MS     60000 /* without a frame: it hangs */
#define EXIT_NOT_THERE 127   /* of a child that could not exec */

static int
connect_to(const char *path, struct err *e)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		return err_set(e, ERR_TEMP, "4.3.5",
		    "the path of the socket %s is too long", path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		err_errno(
		    e, ERR_TEMP, "4.4.1", "no mailchuted answers at %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* The child's side of fork: ends in mailchuted, or not at all. */
static void __attribute__((noreturn)) become_daemon(
    int fd, const struct control_place *where, enum control_start start)
{
	const char *argv[6];
	size_t n = 0;

	argv[n++] = "mailchuted";
	argv[n++] = start == CONTROL_START_ONCE ? "--once" : "--answer";
	if (where->conf_path != NULL) {
		/* The file may be anybody's: nothing it names is run. */
		argv[n++] = "--no-commands";
		argv[n++] = "-C";
		argv[n++] = where->conf_path;
	}
	argv[n] = NULL;
	/* dup2 onto itself would leave the flag that closes it at exec. */
	if (fd == CTL_FD ? fcntl(fd, F_SETFD, 0) == 0
			 : dup2(fd, CTL_FD) == CTL_FD)
		execv(MAILCHUTED, (char *const *)(uintptr_t)argv);
	_exit(EXIT_NOT_THERE);
}

static int
start_daemon(struct control *c, const struct control_place *where,
    enum control_start start, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	c->child = fork();
	if (c->child == 0)
		become_daemon(pair[1], where, start);
	close(pair[1]);
	if (c->child == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "cannot start mailchuted");
		close(pair[0]);
		return -1;
	}
	return pair[0];
}

int
control_open(struct control *c, const struct control_place *where,
    enum control_start start, struct err *e)
{
	c->child = -1;
	c->fd = connect_to(where->socket_path, e);
	if (c->fd == -1 && where->may_start)
		c->fd = start_daemon(c, where, start, e);
	if (c->fd == -1)
		return -1;
	frame_reader_init(&c->reader, c->fd);
	return 0;
}

/* 1 with *f filled; an end without DONE is an error. */
static int
next_frame(struct control *c, struct frame *f, struct err *e)
{
	int n = frame_recv(&c->reader, f, clock_mono_ms() + SILENCE_MS, e);

	if (n == 0)
		err_set(e, ERR_TEMP, "4.4.2",
		    "mailchuted closed the connection before its answer was "
		    "complete");
	if (n == -1)
		err_prefix(e, "asking mailchuted");
	return n == 1 ? 0 : -1;
}

static int
take_done(const struct frame *f, int *status, struct err *e)
{
	char *text = NULL;

	if (ctl_get_done(f, status, &text, e) == -1)
		return -1;
	if (*status != 0)
		err_set(e, ERR_TEMP, "4.3.0", "%s",
		    text == NULL || *text == '\0' ? "mailchuted gave no reason"
						  : text);
	free(text);
	return 0;
}

int
control_ask(struct control *c, const struct ctl_request *r, control_row *row,
    void *arg, int *status, struct err *e)
{
	struct frame f;
	struct buf b;
	int rc;

	buf_init(&b, REQUEST_MAX);
	rc = ctl_put_request(&b, r);
	if (rc == -1)
		err_set(e, ERR_PERM, "5.5.4", "the request is too long");
	else
		rc = frame_send(c->fd, &b, clock_mono_ms() + SILENCE_MS, e);
	buf_clear(&b);
	while (rc == 0 && next_frame(c, &f, e) == 0) {
		if (f.type == CTL_DONE)
			return take_done(&f, status, e);
		rc = row(arg, &f, e);
	}
	return -1;
}

int
control_close(struct control *c)
{
	int status;

	frame_reader_clear(&c->reader);
	close(c->fd);
	if (c->child == -1)
		return 0;
	while (waitpid(c->child, &status, 0) == -1)
		if (errno != EINTR)
			return EX_OSERR;
	if (!WIFEXITED(status))
		return EX_TEMPFAIL;
	return WEXITSTATUS(status) == EXIT_NOT_THERE ? EX_UNAVAILABLE
						     : WEXITSTATUS(status);
}

bool
control_is_there(const char *socket_path)
{
	int fd = connect_to(socket_path, NULL);

	if (fd != -1)
		close(fd);
	return fd != -1;
}
