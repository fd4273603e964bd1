/* SPDX-License-Identifier: ISC */
/*
 * The way to mailchuted: its control socket, or, where nobody answers there, a
 * mailchuted of one's own on a socketpair.  That one has the rights of who
 * calls, so that nobody sees more without a daemon than with one.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/client.h"
#include "common/clock.h"

#define MAILCHUTED     PATH_SBIN "/mailchuted"
#define CONNECT_S      5     /* to a daemon whose backlog is full */
#define SILENCE_MS     60000 /* without a frame: it hangs */
#define EXIT_NOT_THERE 127   /* of a child that could not exec */

struct link {
	int fd;
	pid_t child; /* -1: a daemon that runs already */
};

static int
connect_to(const char *directory, struct err *e)
{
	const struct timeval wait = { CONNECT_S, 0 };
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	/* The configuration was refused if these do not fit. */
	strlcpy(sun.sun_path, directory, sizeof(sun.sun_path));
	strlcat(sun.sun_path, "/control", sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		err_errno(e, ERR_TEMP, "4.4.1", "no mailchuted answers at %s",
		    sun.sun_path);
		close(fd);
		return -1;
	}
	return fd;
}

/* The child's side of fork: ends in mailchuted, or not at all. */
static void __attribute__((noreturn))
become_mailchuted(int fd, const char *conf_path)
{
	const char *argv[5];
	size_t n = 0;

	argv[n++] = "mailchuted";
	argv[n++] = "--answer";
	if (conf_path != NULL) {
		argv[n++] = "-C";
		argv[n++] = conf_path;
	}
	argv[n] = NULL;
	/* dup2 onto itself would leave the flag that closes it at exec. */
	if (fd == CTL_FD ? fcntl(fd, F_SETFD, 0) == 0
			 : dup2(fd, CTL_FD) == CTL_FD)
		execv(MAILCHUTED, (char *const *)(uintptr_t)argv);
	_exit(EXIT_NOT_THERE);
}

static int
start_mailchuted(struct link *l, const char *conf_path, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	l->child = fork();
	if (l->child == 0)
		become_mailchuted(pair[1], conf_path);
	close(pair[1]);
	if (l->child == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "cannot start mailchuted");
		close(pair[0]);
		return -1;
	}
	l->fd = pair[0];
	return 0;
}

/* The exit status of our own mailchuted, -1 when it did not exit. */
static int
wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
send_request(int fd, const struct ctl_request *r, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, FRAME_MAX + FRAME_HEAD);
	if (ctl_put_request(&b, r) == -1)
		rc = err_set(e, ERR_PERM, "5.5.4", "the request is too long");
	else
		rc = frame_send(fd, &b, clock_mono_ms() + SILENCE_MS, e);
	buf_clear(&b);
	return rc;
}

/* Rows up to DONE. */
static int
read_answer(int fd, client_row *row, void *arg, struct client_answer *out,
    struct err *e)
{
	struct frame_reader reader;
	struct frame f;
	int rc = 0, n;

	frame_reader_init(&reader, fd);
	while (rc == 0) {
		n = frame_recv(&reader, &f, clock_mono_ms() + SILENCE_MS, e);
		if (n == 0)
			err_set(e, ERR_TEMP, "4.4.2",
			    "mailchuted closed the connection before its "
			    "answer was complete");
		if (n != 1) {
			rc = -1;
		} else if (f.type == CTL_DONE) {
			rc = ctl_get_done(&f, &out->status, &out->text, e);
			break;
		} else {
			rc = row(arg, &f, e);
		}
	}
	frame_reader_clear(&reader);
	return rc;
}

/*
 * Our own mailchuted ended without an answer.  It has said why on stderr, but
 * for one case that only its caller can explain.
 */
static int
explain_child(int status, struct err *e)
{
	switch (status) {
	case EXIT_NOT_THERE:
		err_set(e, ERR_LOCAL, "5.3.5",
		    "no mailchuted runs, and %s cannot be started to answer in "
		    "its place",
		    MAILCHUTED);
		return EX_UNAVAILABLE;
	case EX_NOPERM:
		err_set(e, ERR_LOCAL, "5.7.1",
		    "no mailchuted runs, and without one only root and the "
		    "queue's own user may look");
		return EX_UNAVAILABLE;
	case EX_CONFIG:
		return EX_CONFIG;
	default:
		return EX_TEMPFAIL;
	}
}

int
client_ask(
    const struct client_question *q, struct client_answer *out, struct err *e)
{
	struct link l = { -1, -1 };
	struct err unread; /* of what was sent to nobody, *e says why */
	int rc, status;

	memset(out, 0, sizeof(*out));
	out->status = EX_UNAVAILABLE;
	l.fd = connect_to(q->conf->queue.socket_directory, e);
	out->is_daemon = l.fd != -1;
	if (l.fd == -1 && (q->start == CLIENT_RUNNING_ONLY ||
			      start_mailchuted(&l, q->conf_path, e) == -1))
		return -1;
	out->status = EX_TEMPFAIL;
	/* Who refuses any request answers and leaves before it has read one. */
	if (send_request(l.fd, q->request, e) == 0)
		rc = read_answer(l.fd, q->row, q->arg, out, e);
	else
		rc = read_answer(l.fd, q->row, q->arg, out, &unread);
	close(l.fd);
	if (l.child != -1) {
		status = wait_for(l.child);
		if (rc == -1)
			out->status = explain_child(status, e);
	}
	return rc;
}
