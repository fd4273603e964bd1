/* SPDX-License-Identifier: ISC */
/* Keeping a refresh token, which somebody would have to sign in to get again.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delivery/token_secrets.h"
#include "delivery/token_store.h"

static int
failed(const struct token_store *s, const char *what, struct err *e)
{
	return err_errno(e, err_class_of(errno), "4.3.0",
	    "the refresh token's file %s/%s: %s", TOKEN_FOLDER, s->name, what);
}

int
token_store_open(
    struct token_store *s, int folder, const char *account, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->folder = folder;
	s->next = -1;
	if (token_file_name(account, s->name) == -1) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "the account's name is too long for a file");
		goto fail;
	}
	/* One program at a time asks for an account: one name is enough. */
	snprintf(s->next_name, sizeof(s->next_name), ".%s.new", s->name);
	if (unlinkat(folder, s->next_name, 0) == -1 && errno != ENOENT) {
		failed(s, "removing what a crash left", e);
		goto fail;
	}
	s->next = openat(folder, s->next_name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->next == -1) {
		failed(s, "making another", e);
		goto fail;
	}
	return 0;
fail:
	close(folder);
	s->folder = -1;
	return -1;
}

/* Whoever else could read or change it has the mailbox. */
static int
judge(const struct token_store *s, int fd, int64_t *since, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return failed(s, "looking at it", e);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the refresh token's file %s/%s is not for its owner "
		    "alone: chown %lu and chmod 0600 it, or sign in again",
		    TOKEN_FOLDER, s->name, (unsigned long)geteuid());
	*since = (int64_t)st.st_mtim.tv_sec;
	return 0;
}

int
token_store_read(const struct token_store *s, struct buf *token, int64_t *since,
    struct err *e)
{
	int fd = openat(
	    s->folder, s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return errno == ENOENT ? 0 : failed(s, "opening it", e);
	if (judge(s, fd, since, e) == -1) {
		close(fd);
		return -1;
	}
	if (token_secrets_slurp(fd, s->name, token, TOKEN_SECRET_MAX / 2, e) ==
		-1 ||
	    token_secrets_first_line(token, s->name, e) == -1)
		return -1;
	return 1;
}

int
token_store_write(struct token_store *s, const struct buf *token, struct err *e)
{
	const char *p = token->data;
	size_t left = token->len;
	ssize_t n;

	while (left > 0) {
		n = write(s->next, p, left);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(s, "writing it", e);
		p += n;
		left -= (size_t)n;
	}
	if (write(s->next, "\n", 1) != 1 || fsync(s->next) == -1)
		return failed(s, "writing it", e);
	if (renameat(s->folder, s->next_name, s->folder, s->name) == -1)
		return failed(s, "putting it in place", e);
	close(s->next);
	s->next = -1;
	if (fsync(s->folder) == -1)
		return failed(s, "putting it in place", e);
	return 0;
}

void
token_store_close(struct token_store *s)
{
	if (s->next != -1) {
		close(s->next);
		(void)unlinkat(s->folder, s->next_name, 0);
	}
	if (s->folder != -1)
		close(s->folder);
	s->next = s->folder = -1;
}
