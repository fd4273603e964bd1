/* SPDX-License-Identifier: ISC */
/* A client of the system's logger, by RFC 3164 as the C library speaks it. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/syslog_out.h"
#include "common/xalloc.h"

#define PATIENCE_MS 1000

static int
connect_as(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlcpy(un.sun_path, path, sizeof(un.sun_path)) >=
	    sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
syslog_out_open(struct syslog_out *s, const char *path)
{
	if (s->fd != -1)
		close(s->fd);
	s->is_stream = false;
	s->fd = connect_as(path, SOCK_DGRAM);
	if (s->fd == -1 && errno == EPROTOTYPE) {
		s->is_stream = true;
		s->fd = connect_as(path, SOCK_STREAM);
	}
}

/* 0, or -1 with errno; a part of a line is none. */
static int
send_once(const struct syslog_out *s, const char *text)
{
	size_t n = strlen(text) + (s->is_stream ? 1 : 0);
	ssize_t done;

	if (s->fd == -1) {
		errno = ENOTCONN;
		return -1;
	}
	done = send(s->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done == -1 || (size_t)done == n)
		return done == -1 ? -1 : 0;
	errno = EPIPE;
	return -1;
}

static bool
is_full(int error)
{
	return error == EAGAIN || error == ENOBUFS;
}

/* As long as its patience lasts; it has none left for one that hangs. */
static int
send_waiting(struct syslog_out *s, const char *text)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };
	int rc;

	while ((rc = send_once(s, text)) == -1 &&
	       (is_full(errno) || errno == EINTR) && !s->is_hung)
		if (poll(&p, 1, clock_poll_timeout(until)) == 0)
			s->is_hung = true;
	return rc;
}

static int
send_text(struct syslog_out *s, const char *path, const char *text)
{
	if (send_waiting(s, text) == 0)
		return 0;
	if (is_full(errno) || errno == EINTR)
		return -1;
	syslog_out_open(s, path);
	return send_waiting(s, text);
}

static char *
format(const char *ident, int priority, const char *line)
{
	time_t now = (time_t)clock_wall();
	char stamp[32];
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%h %e %T", &tm) == 0)
		stamp[0] = '\0';
	return xasprintf("<%d>%s %s[%ld]: %s", LOG_MAIL | priority, stamp,
	    ident, (long)getpid(), line);
}

/* 0: there are none, or it was told of them. */
static int
tell_lost(struct syslog_out *s, const char *path, const char *ident)
{
	char line[160], *text;
	int rc;

	if (s->lost == 0)
		return 0;
	snprintf(line, sizeof(line),
	    "event=log-lost lines=%lu text=\"the system log did not take "
	    "them\" fix=\"see why it hung or was not there\"",
	    s->lost);
	text = format(ident, LOG_WARNING, line);
	if ((rc = send_text(s, path, text)) == 0) {
		s->lost = 0;
		s->is_hung = false;
	}
	free(text);
	return rc;
}

void
syslog_out_line(struct syslog_out *s, const char *path, const char *ident,
    int priority, const char *line)
{
	char *text = format(ident, priority, line);

	if (tell_lost(s, path, ident) == -1 || send_text(s, path, text) == -1)
		s->lost++;
	free(text);
}
