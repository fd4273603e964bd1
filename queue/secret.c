/* SPDX-License-Identifier: ISC */
/*
 * Opening of secret files, with the judgement of who else could read or
 * change them.  Runs in the parent, which has become queue.user.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/secret.h"

const char *
secret_name(const struct conf_account *a)
{
	switch (a->auth) {
	case AUTH_XOAUTH2:
		return a->token_file;
	case AUTH_LOGIN:
	case AUTH_PLAIN:
		return a->password_file;
	case AUTH_NONE:
		break;
	}
	return NULL;
}

static const char *
credentials_directory(void)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return dir == NULL || dir[0] != '/' ? NULL : dir;
}

char *
secret_path(const struct conf *conf, const char *name)
{
	const char *slash, *dir = credentials_directory();

	if (name[0] == '/')
		return xstrdup(name);
	if (dir != NULL)
		return xasprintf("%s/%s", dir, name);
	if ((slash = strrchr(conf->path, '/')) == NULL)
		return xstrdup(name);
	return xasprintf(
	    "%.*s/%s", (int)(slash - conf->path), conf->path, name);
}

/* systemd makes that folder and its files; their group bits say nothing. */
static bool
is_credential(const char *path)
{
	const char *dir = credentials_directory();
	size_t n;

	if (dir == NULL)
		return false;
	n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/' &&
	       strstr(path + n, "/../") == NULL;
}

static int
judge(const struct stat *st, const char *path, struct err *e)
{
	mode_t group = is_credential(path) ? 0 : S_IRWXG;

	if (!S_ISREG(st->st_mode))
		return err_set(
		    e, ERR_LOCAL, "5.3.5", "%s is not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s belongs to uid %lu, who could change it: "
		    "chown %lu %s && chmod 0600 %s",
		    path, (unsigned long)st->st_uid, (unsigned long)geteuid(),
		    path, path);
	if ((st->st_mode & S_IRWXO) != 0 ||
	    ((st->st_mode & group) != 0 && st->st_gid != getegid()))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s can be read by others (mode %04o): "
		    "chown %lu:%lu %s && chmod 0640 %s",
		    path, (unsigned)(st->st_mode & 07777),
		    (unsigned long)st->st_uid, (unsigned long)getegid(), path,
		    path);
	return 0;
}

int
secret_open(const struct conf *conf, const char *name, struct err *e)
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
	if (judge(&st, path, e) == -1)
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
secret_stamp(const struct conf *conf, const char *name, struct ask_stamp *st,
    struct err *e)
{
	char *path = secret_path(conf, name);
	struct stat file;
	int rc = -1;

	if (stat(path, &file) == -1) {
		err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
		goto out;
	}
	st->device = file.st_dev;
	st->inode = file.st_ino;
	st->size = (uint64_t)file.st_size;
	st->changed_ns =
	    (int64_t)file.st_ctim.tv_sec * 1000000000 + file.st_ctim.tv_nsec;
	rc = 0;
out:
	free(path);
	return rc;
}
