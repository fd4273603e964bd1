/* SPDX-License-Identifier: ISC */
/*
 * Putting it in force: secrets first, the configuration last, each file whole
 * or not at all, with what was there before kept beside it.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/setup.h"
#include "common/durable.h"
#include "common/xalloc.h"

#define BACKUPS_MAX 999
#define NAMES_MAX   999
#define SECRET_MODE 0640 /* for queue.user's group */
#define CONF_MODE   0644
#define CONF_MAX    (4 * 1024 * 1024)

static char *
path_of(const struct setup *s, const char *name)
{
	return name[0] == '/' ? xstrdup(name)
			      : xasprintf("%s/%s", s->folder, name);
}

char *
setup_free_name(const struct setup *s, const char *stem, const char *end)
{
	char *name, *path;
	struct stat st;
	int i;

	for (i = 1; i < NAMES_MAX; i++) {
		name = i == 1 ? xasprintf("%s%s", stem, end)
			      : xasprintf("%s-%d%s", stem, i, end);
		path = path_of(s, name);
		if (lstat(path, &st) == -1 && errno == ENOENT) {
			free(path);
			return name;
		}
		free(path);
		free(name);
	}
	return NULL;
}

/* ---- one file ---- */

/* Who owns a new file: root, with queue.user's group where he reads it. */
static int
set_rights(const struct setup *s, int fd, mode_t mode)
{
	if (geteuid() == 0 &&
	    fchown(fd, 0, mode == SECRET_MODE ? s->gid : 0) == -1)
		return -1;
	return fchmod(fd, mode);
}

/* Under a name of its own, on the disk; the name is to be freed. */
static char *
write_new(const struct setup *s, const char *path, const struct buf *b,
    mode_t mode, const struct stat *like, struct err *e)
{
	char *new = xasprintf("%s.new-%ld", path, (long)getpid());
	int fd, rc = -1;

	fd = open(
	    new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", new);
		free(new);
		return NULL;
	}
	if (durable_write(fd, buf_data(b), b->len) == 0 &&
	    (like == NULL ? set_rights(s, fd, mode) : durable_like(fd, like)) ==
		0 &&
	    fsync(fd) == 0)
		rc = 0;
	/* A disk that is full may tell so only now. */
	if (close(fd) == 0 && rc == 0)
		return new;
	err_errno(e, ERR_LOCAL, "4.3.0", "%s", new);
	(void)unlink(new);
	free(new);
	return NULL;
}

/* ---- secrets ---- */

static int
write_typed(const struct setup *s, const struct setup_file *f, struct err *e)
{
	char *path = path_of(s, f->name), *new;
	struct buf b;
	int rc = -1;

	buf_init(&b, f->typed.len + 1);
	buf_append(&b, f->typed.data, f->typed.len);
	buf_putc(&b, '\n');
	new = write_new(s, path, &b, SECRET_MODE, NULL, e);
	buf_wipe(&b);
	if (new != NULL && (rc = rename(new, path)) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
		(void)unlink(new);
	}
	free(new);
	free(path);
	return rc;
}

/* What was staged has its rights already. */
static int
put_in_place(const struct setup *s, struct setup_file *f, struct err *e)
{
	char *path;
	int rc;

	if (f->typed.len > 0)
		return write_typed(s, f, e);
	if (f->staged == NULL)
		return 0;
	path = path_of(s, f->name);
	if ((rc = rename(f->staged, path)) == -1)
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
	free(path);
	if (rc == 0) {
		free(f->staged);
		f->staged = NULL;
	}
	return rc;
}

/* ---- the configuration ---- */

/* "mailchute.conf.1" and so on; the highest number is the last one. */
static int
back_up(const char *path, char **backup, struct err *e)
{
	int i;

	for (i = 1; i <= BACKUPS_MAX; i++) {
		*backup = xasprintf("%s.%d", path, i);
		if (link(path, *backup) == 0)
			return 0;
		if (errno != EEXIST) {
			err_errno(e, ERR_LOCAL, "4.3.0", "%s", *backup);
			break;
		}
		free(*backup);
		*backup = NULL;
	}
	if (*backup == NULL)
		err_set(e, ERR_LOCAL, "4.3.0",
		    "%s.1 to .%d are all there: remove some", path,
		    BACKUPS_MAX);
	free(*backup);
	*backup = NULL;
	return -1;
}

static int
write_conf(const struct setup *s, char **backup, struct err *e)
{
	struct buf b;
	struct stat st;
	bool is_there = stat(s->conf_path, &st) == 0;
	char *new = NULL;
	int rc = -1;

	*backup = NULL;
	buf_init(&b, CONF_MAX);
	if (conf_edit_put(s->text, &b) == -1) {
		err_set(e, ERR_LOCAL, "4.3.0", "%s is too large", s->conf_path);
		goto out;
	}
	new =
	    write_new(s, s->conf_path, &b, CONF_MODE, is_there ? &st : NULL, e);
	if (new == NULL || (is_there && back_up(s->conf_path, backup, e) == -1))
		goto out;
	if ((rc = rename(new, s->conf_path)) == -1)
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", s->conf_path);
out:
	if (rc == -1 && new != NULL)
		(void)unlink(new);
	if (rc == -1 && *backup != NULL) {
		(void)unlink(*backup);
		free(*backup);
		*backup = NULL;
	}
	free(new);
	buf_clear(&b);
	return rc;
}

int
setup_write(struct setup *s, char **backup, struct err *e)
{
	struct setup_file *const files[] = { &s->a.secret, &s->a.certificate,
		&s->a.key };
	sigset_t all, before;
	size_t i;
	int rc = 0;

	*backup = NULL;
	if (setup_make_folder(s, e) == -1)
		return -1;
	/* From here to the end it is done, whatever is pressed. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	for (i = 0; rc == 0 && i < sizeof(files) / sizeof(files[0]); i++)
		rc = put_in_place(s, files[i], e);
	if (rc == 0 && s->token_stage != NULL)
		rc = setup_keep_token(s, e);
	if (rc == 0)
		rc = write_conf(s, backup, e);
	if (rc == 0 && (rc = durable_folder_of(s->conf_path)) == -1)
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", s->folder);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
