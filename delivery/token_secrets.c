/* SPDX-License-Identifier: ISC */
/* Secrets come as descriptors, and the access token goes into one. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/durable.h"
#include "common/memfile.h"
#include "common/proto_job.h"
#include "common/utf8.h"
#include "delivery/token_secrets.h"

#define PATIENCE_MS (10 * 1000) /* the parent does nothing slow */
#define STEP        4096

/* One octet, and the parent's answer, whose text says what it has to say. */
static int
exchange(
    int sock, char octet, int *fd, char text[FDPASS_TEXT_MAX], struct err *e)
{
	if (send(sock, &octet, 1, MSG_NOSIGNAL) != 1)
		return err_set(e, ERR_TEMP, "4.3.0",
		    "mailchuted's parent process is gone");
	return fdpass_recv(sock, fd, text, clock_mono_ms() + PATIENCE_MS, e);
}

static int
refused(const char *text, struct err *e)
{
	const char *why = text[0] != '\0' && text[1] == ' ' ? text + 2 : text;

	return err_set(e, text[0] == SECRET_LATER ? ERR_TEMP : ERR_LOCAL,
	    "4.7.0", "%s", why);
}

int
token_secrets_fd(
    int sock, char octet, char from[FDPASS_TEXT_MAX], struct err *e)
{
	int fd;

	if (exchange(sock, octet, &fd, from, e) == -1)
		return -1;
	return fd == -1 ? refused(from, e) : fd;
}

int
token_secrets_slurp(
    int fd, const char *from, struct buf *out, size_t max, struct err *e)
{
	ssize_t n;
	void *to;
	int rc = 0;

	do {
		if (out->len > max || (to = buf_reserve(out, STEP)) == NULL) {
			rc = err_set(e, ERR_LOCAL, "4.7.0",
			    "%s is too large: more than %zu octets", from, max);
			break;
		}
		while ((n = read(fd, to, STEP)) == -1 && errno == EINTR)
			;
		if (n == -1)
			rc = err_errno(e, err_class_of(errno), "4.7.0",
			    "reading %s", from);
		else
			buf_grew(out, (size_t)n);
	} while (n > 0);
	close(fd);
	return rc;
}

int
token_secrets_read(int sock, char octet, struct buf *out,
    char from[FDPASS_TEXT_MAX], struct err *e)
{
	int fd = token_secrets_fd(sock, octet, from, e);

	if (fd == -1)
		return -1;
	return token_secrets_slurp(
	    fd, from, out, TOKEN_SECRET_MAX - 2 * STEP, e);
}

int
token_secrets_first_line(struct buf *out, const char *from, struct err *e)
{
	const char *end = memchr(buf_data(out), '\n', out->len);
	size_t i, n = end == NULL ? out->len : (size_t)(end - out->data);

	if (n > 0 && out->data[n - 1] == '\r')
		n--;
	if (n == 0)
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "the first line of %s is empty", from);
	explicit_bzero(out->data + n, out->len - n);
	buf_truncate(out, n);
	for (i = 0; i < n; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			return err_set(e, ERR_LOCAL, "4.7.0",
			    "the first line of %s holds a control character",
			    from);
	if (utf8_is_valid(out->data, n))
		return 0;
	return err_set(e, ERR_LOCAL, "4.7.0",
	    "the first line of %s is no text (UTF-8)", from);
}

int
token_secrets_line(int sock, char octet, struct buf *out, struct err *e)
{
	char from[FDPASS_TEXT_MAX];

	if (token_secrets_read(sock, octet, out, from, e) == -1)
		return -1;
	return token_secrets_first_line(out, from, e);
}

/* ---- the access token ---- */

int
token_secrets_keep(int sock, const struct buf *token, struct err *e)
{
	char text[FDPASS_TEXT_MAX];
	int fd, extra, rc = -1;

	if ((fd = token_secrets_fd(sock, TOKEN_GIVE_PLACE, text, e)) == -1)
		return -1;
	if (durable_write(fd, token->data, token->len) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "writing the access token");
	else
		rc = memfile_seal(fd, e);
	close(fd);
	if (rc == -1 || exchange(sock, TOKEN_KEEP_PLACE, &extra, text, e) == -1)
		return -1;
	if (extra != -1)
		close(extra);
	return text[0] == '\0' ? 0 : refused(text, e);
}
