/* SPDX-License-Identifier: ISC */
/*
 * The credential.  It comes as a descriptor, of a file or of a command's
 * output, so that the process that hands it over never reads it.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_job.h"
#include "delivery/secret.h"

/* A password_command may ask a vault over the network. */
#define PATIENCE_MS (60 * 1000)
#define STEP        4096

/* ERR_LOCAL: what only an administrator mends; ERR_TEMP: what may pass. */
static int __attribute__((format(printf, 3, 4)))
no_secret(struct err *e, enum err_class class, const char *fmt, ...)
{
	char why[FDPASS_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_set(e, class, "4.7.0", "no password or token: %s", why);
}

static int
wait_readable(int fd, const char *from, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, clock_poll_timeout(deadline_ms));
	while (n == -1 && errno == EINTR);
	if (n > 0)
		return 0;
	return no_secret(e, ERR_TEMP, "nothing came from %s", from);
}

/* Reads to the end of the first line, or of all. */
static int
read_line(int fd, const char *from, struct buf *out, int64_t deadline_ms,
    struct err *e)
{
	char *to;
	ssize_t n;

	do {
		if ((to = buf_reserve(out, STEP)) == NULL)
			return no_secret(e, ERR_LOCAL,
			    "the first line of %s is too long", from);
		if (wait_readable(fd, from, deadline_ms, e) == -1)
			return -1;
		if ((n = read(fd, to, STEP)) == -1) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return no_secret(e, err_class_of(errno),
			    "reading %s: %s", from, strerror(errno));
		}
		buf_grew(out, (size_t)n);
	} while (n != 0 && memchr(out->data, '\n', out->len) == NULL);
	return 0;
}

/* Cuts what was read down to its first line, and looks at it. */
static int
keep_first_line(struct buf *out, const char *from, struct err *e)
{
	char *end = memchr(out->data, '\n', out->len);
	size_t i, n = end == NULL ? out->len : (size_t)(end - out->data);

	if (n > 0 && out->data[n - 1] == '\r')
		n--;
	explicit_bzero(out->data + n, out->len - n);
	buf_truncate(out, n);
	if (n == 0)
		return no_secret(
		    e, ERR_LOCAL, "the first line of %s is empty", from);
	for (i = 0; i < n; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			return no_secret(e, ERR_LOCAL,
			    "the first line of %s holds a control character",
			    from);
	return 0;
}

/* The parent's word in place of a descriptor. */
static int
refused(const char *text, struct err *e)
{
	const char *why = text[0] != '\0' && text[1] == ' ' ? text + 2 : text;

	return no_secret(
	    e, text[0] == SECRET_LATER ? ERR_TEMP : ERR_LOCAL, "%s", why);
}

int
secret_ask(int sock, struct buf *out, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	char text[FDPASS_TEXT_MAX]; /* why there is none, or whence it is */
	int fd, rc = -1;

	if (send(sock, "S", 1, MSG_NOSIGNAL) != 1)
		return no_secret(
		    e, ERR_TEMP, "mailchuted's parent process is gone");
	if (fdpass_recv(sock, &fd, text, deadline_ms, e) == -1)
		return err_prefix(e, "no password or token");
	if (fd == -1)
		return refused(text, e);
	if (read_line(fd, text, out, deadline_ms, e) == 0)
		rc = keep_first_line(out, text, e);
	close(fd);
	return rc;
}
