/* SPDX-License-Identifier: ISC */
/*
 * The credential.  It comes as a descriptor, of a file or of a command's
 * output, so that the process that hands it over never reads it.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "delivery/secret.h"

/* A password_command may ask a vault over the network. */
#define PATIENCE_MS (60 * 1000)
#define STEP        4096

/* ERR_LOCAL: what only an administrator mends; ERR_TEMP: what may pass. */
static int
no_secret(struct err *e, enum err_class class, const char *why)
{
	return err_set(e, class, "4.7.0", "no password or token: %s", why);
}

static int
wait_readable(int fd, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, clock_poll_timeout(deadline_ms));
	while (n == -1 && errno == EINTR);
	if (n > 0)
		return 0;
	return no_secret(e, ERR_TEMP, "what should print it is silent");
}

/* Reads to the end of the first line, or of all. */
static int
read_line(int fd, struct buf *out, int64_t deadline_ms, struct err *e)
{
	char *to;
	ssize_t n;

	do {
		if ((to = buf_reserve(out, STEP)) == NULL)
			return no_secret(
			    e, ERR_LOCAL, "its first line is too long");
		if (wait_readable(fd, deadline_ms, e) == -1)
			return -1;
		if ((n = read(fd, to, STEP)) == -1) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return no_secret(e, ERR_LOCAL, strerror(errno));
		}
		buf_grew(out, (size_t)n);
	} while (n != 0 && memchr(out->data, '\n', out->len) == NULL);
	return 0;
}

/* Cuts what was read down to its first line, and looks at it. */
static int
keep_first_line(struct buf *out, struct err *e)
{
	char *end = memchr(out->data, '\n', out->len);
	size_t i, n = end == NULL ? out->len : (size_t)(end - out->data);

	if (n > 0 && out->data[n - 1] == '\r')
		n--;
	explicit_bzero(out->data + n, out->len - n);
	buf_truncate(out, n);
	if (n == 0)
		return no_secret(e, ERR_LOCAL, "its first line is empty");
	for (i = 0; i < n; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			return no_secret(
			    e, ERR_LOCAL, "it holds a control character");
	return 0;
}

int
secret_ask(int sock, struct buf *out, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + PATIENCE_MS;
	char why[FDPASS_TEXT_MAX];
	int fd, rc = -1;

	if (send(sock, "S", 1, MSG_NOSIGNAL) != 1)
		return no_secret(
		    e, ERR_TEMP, "mailchuted's parent process is gone");
	if (fdpass_recv(sock, &fd, why, deadline_ms, e) == -1)
		return err_prefix(e, "no password or token");
	if (fd == -1)
		return no_secret(e, ERR_LOCAL, why);
	if (read_line(fd, out, deadline_ms, e) == 0)
		rc = keep_first_line(out, e);
	close(fd);
	return rc;
}
