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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_job.h"
#include "common/utf8.h"
#include "delivery/secret.h"

/*
 * A password_command may ask a vault over the network; the parent ends one that
 * takes a minute, and says so.
 */
#define PATIENCE_MS (70 * 1000)
#define STEP        4096
#define PRINTED_MAX (1024 * 1024) /* by a command, all in all */

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

/*
 * Files are read at our own place: an access token's descriptor is one that
 * other processes have as well, and their place is ours.
 */
static ssize_t
read_some(int fd, void *to, size_t n, off_t at)
{
	ssize_t got = pread(fd, to, n, at);

	return got == -1 && errno == ESPIPE ? read(fd, to, n) : got;
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
			    "the first line of %s is too long; it is no "
			    "password or token",
			    from);
		if (wait_readable(fd, from, deadline_ms, e) == -1)
			return -1;
		n = read_some(fd, to, STEP, (off_t)out->len);
		if (n == -1) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return no_secret(e, err_class_of(errno),
			    "reading %s: %s", from, strerror(errno));
		}
		buf_grew(out, (size_t)n);
	} while (n != 0 && memchr(out->data, '\n', out->len) == NULL);
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

/* ---- a command's output ---- */

/* What is printed, and how it ends. */
struct printing {
	int fd, sock;
	const char *from;
	struct buf *out; /* up to the end of the first line, and a bit more */
	size_t total;
	bool has_all; /* of what there will be */
	int64_t deadline_ms;
};

static bool
has_line(const struct buf *b)
{
	return b->len > 0 && memchr(b->data, '\n', b->len) != NULL;
}

/* One read; what comes behind the first line is nobody's business. */
static int
take_printed(struct printing *p, struct err *e)
{
	char rest[STEP], *to = rest;
	bool is_wanted = !has_line(p->out);
	ssize_t n;

	if (is_wanted && (to = buf_reserve(p->out, STEP)) == NULL)
		return no_secret(e, ERR_LOCAL,
		    "the first line of %s is too long; correct the command",
		    p->from);
	n = read(p->fd, to, STEP);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n == -1)
		return no_secret(e, err_class_of(errno), "reading %s: %s",
		    p->from, strerror(errno));
	if (is_wanted)
		buf_grew(p->out, (size_t)n);
	else
		explicit_bzero(rest, sizeof(rest));
	p->has_all = n == 0;
	if ((p->total += (size_t)n) > PRINTED_MAX)
		return no_secret(e, ERR_LOCAL,
		    "%s is more than a line, and does not end; correct the "
		    "command",
		    p->from);
	return 0;
}

/* 1: it ended well, and so much as lies there yet is taken; -1. */
static int
take_verdict(struct printing *p, struct err *e)
{
	struct pollfd there = { .fd = p->fd, .events = POLLIN };
	char text[FDPASS_TEXT_MAX];
	int fd;

	if (fdpass_recv(p->sock, &fd, text, p->deadline_ms, e) == -1)
		return err_prefix(e, "no password or token");
	if (fd != -1)
		close(fd);
	if (text[0] != SECRET_DONE)
		return refused(text, e);
	/* What it left behind may hold the pipe open. */
	while (!p->has_all && !has_line(p->out) && poll(&there, 1, 0) > 0)
		if (take_printed(p, e) == -1)
			return -1;
	return 1;
}

/*
 * What a command prints counts only once it has ended well.  Meanwhile it is
 * read, so that none waits for room in the pipe.
 */
static int
read_command(struct printing *p, struct err *e)
{
	struct pollfd fds[2] = { { .fd = p->sock, .events = POLLIN },
		{ .fd = p->fd, .events = POLLIN } };
	int n, rc = 0;

	while (rc == 0) {
		fds[1].fd = p->has_all ? -1 : p->fd;
		n = poll(fds, 2, clock_poll_timeout(p->deadline_ms));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return no_secret(e, ERR_TEMP,
			    "the command behind %s does not end", p->from);
		if (fds[1].revents != 0)
			rc = take_printed(p, e);
		else
			rc = take_verdict(p, e);
	}
	return rc == 1 ? 0 : -1;
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
		return no_secret(e, ERR_LOCAL,
		    "the first line of %s is empty; the secret is to stand "
		    "there",
		    from);
	for (i = 0; i < n; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			return no_secret(e, ERR_LOCAL,
			    "the first line of %s holds a control character, "
			    "as UTF-16 does; save it as UTF-8",
			    from);
	/* RFC 4616 2, RFC 6750 2.1; and so does Exchange Online. */
	if (!utf8_is_valid(out->data, n))
		return no_secret(e, ERR_LOCAL,
		    "the first line of %s is not UTF-8; save it as UTF-8",
		    from);
	if (n >= 3 && memcmp(out->data, "\xef\xbb\xbf", 3) == 0)
		return no_secret(e, ERR_LOCAL,
		    "%s begins with a byte order mark; save it without one",
		    from);
	return 0;
}

int
secret_ask(int sock, struct buf *out, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	char text[FDPASS_TEXT_MAX]; /* why there is none, or whence it is */
	struct printing p;
	int fd, rc;

	if (send(sock, "S", 1, MSG_NOSIGNAL) != 1)
		return no_secret(
		    e, ERR_TEMP, "mailchuted's parent process is gone");
	if (fdpass_recv(sock, &fd, text, deadline_ms, e) == -1)
		return err_prefix(e, "no password or token");
	if (fd == -1)
		return refused(text, e);
	if (text[0] == SECRET_RUNS && text[1] == ' ') {
		p = (struct printing){ .fd = fd,
			.sock = sock,
			.from = text + 2,
			.out = out,
			.deadline_ms = deadline_ms };
		rc = read_command(&p, e);
	} else
		rc = read_line(fd, text, out, deadline_ms, e);
	if (rc == 0)
		rc = keep_first_line(
		    out, text[0] == SECRET_RUNS ? text + 2 : text, e);
	close(fd);
	return rc;
}
