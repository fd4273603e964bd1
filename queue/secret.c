/* SPDX-License-Identifier: ISC */
/* Opening of secret files: in the parent, which has become queue.user. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/token_file.h"
#include "common/xalloc.h"
#include "queue/secret.h"

static int
open_judged(
    const struct conf *conf, const char *name, bool is_public, struct err *e)
{
	char *path = secret_path(conf, name);
	struct stat st;
	int fd, rc = -1;

	/* O_NONBLOCK: a FIFO in its place must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == EACCES) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s may not be read by uid %lu: chown %lu %s && "
		    "chmod 0600 %s",
		    path, (unsigned long)geteuid(), (unsigned long)geteuid(),
		    path, path);
		goto out;
	}
	if (fd == -1 && errno == ENOENT && is_public) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s: %s; it is to be there, and uid %lu to be able to read "
		    "it",
		    path, strerror(errno), (unsigned long)geteuid());
		goto out;
	}
	if (fd == -1 && errno == ENOENT) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "%s: %s; write the secret to it, and chown %lu %s && "
		    "chmod 0600 %s",
		    path, strerror(errno), (unsigned long)geteuid(), path,
		    path);
		goto out;
	}
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_errno(e, err_class_of(errno), "5.3.5", "%s", path);
		goto out;
	}
	if ((is_public
		    ? secret_judge_public(&st, path, geteuid(), e)
		    : secret_judge(&st, path, geteuid(), getegid(), e)) == -1)
		goto out;
	rc = fd;
	fd = -1;
out:
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

int
secret_open(const struct conf *conf, const char *name, struct err *e)
{
	return open_judged(conf, name, false, e);
}

int
secret_open_public(const struct conf *conf, const char *name, struct err *e)
{
	return open_judged(conf, name, true, e);
}

static int
stamp_path(const char *path, struct ask_stamp *st, struct err *e)
{
	struct stat file;

	if (stat(path, &file) == -1)
		return err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
	st->device = file.st_dev;
	st->inode = file.st_ino;
	st->size = (uint64_t)file.st_size;
	st->changed_ns =
	    (int64_t)file.st_ctim.tv_sec * 1000000000 + file.st_ctim.tv_nsec;
	return 0;
}

int
secret_stamp(const struct conf *conf, const char *name, struct ask_stamp *st,
    struct err *e)
{
	char *path = secret_path(conf, name);
	int rc = stamp_path(path, st, e);

	free(path);
	return rc;
}

/* One that two files share stays what either makes of it. */
static void
mix(struct ask_stamp *all, const struct ask_stamp *one)
{
	all->device = all->device * 31 + one->device;
	all->inode = all->inode * 31 + one->inode;
	all->size = all->size * 31 + one->size;
	all->changed_ns = (int64_t)((uint64_t)all->changed_ns * 31 +
				    (uint64_t)one->changed_ns);
}

/* There is none before somebody has signed in. */
static void
mix_refresh_token(const struct conf *conf, const struct conf_account *a,
    struct ask_stamp *all)
{
	char name[TOKEN_FILE_MAX], *path;
	struct ask_stamp one = { 0 };

	if (!conf_asks_tokens(a) || a->grant != GRANT_REFRESH_TOKEN ||
	    token_file_name(a->name, name) == -1)
		return;
	path = xasprintf("%s/" TOKEN_FOLDER "/%s", conf->queue.directory, name);
	(void)stamp_path(path, &one, NULL);
	mix(all, &one);
	free(path);
}

int
secret_stamp_all(const struct conf *conf, const struct conf_account *a,
    struct ask_stamp *st, struct err *e)
{
	struct secret_file files[SECRET_FILES_MAX];
	size_t i, n = secret_files(a, files);
	struct ask_stamp one;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < n; i++) {
		if (secret_stamp(conf, files[i].name, &one, e) == -1)
			return -1;
		mix(st, &one);
	}
	mix_refresh_token(conf, a, st);
	return 0;
}
