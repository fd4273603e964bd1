/* SPDX-License-Identifier: ISC */
/*
 * Where things lie before they are in force: a folder beside the configuration
 * for files, one in queue.directory for a refresh token.  Both have random
 * names, are nobody else's, and go when setup ends.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/setup.h"
#include "common/memfile.h"
#include "common/priv.h"
#include "common/secret_rule.h"
#include "common/token_file.h"
#include "common/xalloc.h"

#define TOKEN_STAGE TOKEN_FOLDER ".setup"

/* ---- beside the configuration ---- */

/* It is there wherever there is a configuration, or a package. */
int
setup_make_folder(const struct setup *s, struct err *e)
{
	if (mkdir(s->folder, 0755) == -1)
		return errno == EEXIST
			   ? 0
			   : err_errno(e, ERR_LOCAL, "4.3.0", "%s", s->folder);
	/* Whatever the umask is. */
	if (chmod(s->folder, 0755) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "%s", s->folder);
	return 0;
}

int
setup_stage_open(struct setup *s, struct err *e)
{
	char *path;

	if (s->stage != NULL)
		return 0;
	if (setup_make_folder(s, e) == -1)
		return -1;
	path = xasprintf("%s/.setup-XXXXXX", s->folder);
	if (mkdtemp(path) == NULL) {
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
		free(path);
		return -1;
	}
	s->stage = path;
	return 0;
}

/* Files alone lie in it. */
static void
remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			(void)unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(path);
}

/* ---- in queue.directory, which is queue.user's ---- */

/*
 * Does something there as its owner: whoever has taken over queue.user cannot
 * lead root's hand by a link.
 */
static int
as_owner(
    const struct setup *s, int (*what)(const struct setup *s), struct err *e)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (priv_drop(s->uid, s->gid, NULL) == -1)
			_exit(EPERM);
		umask(077);
		_exit(what(s) == 0 ? 0 : errno);
	}
	if (pid == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "fork");
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return err_errno(e, ERR_LOCAL, "4.3.0", "%s", s->queue_directory);
}

static int
make_token_stage(const struct setup *s)
{
	return mkdir(s->token_stage, 0700);
}

static int
remove_token_stage(const struct setup *s)
{
	remove_folder(s->token_stage);
	return 0;
}

/* As mailchuted would at its first start. */
static int
make_queue_directory(struct setup *s, struct err *e)
{
	if (mkdir(s->queue_directory, 0700) == -1)
		return errno == EEXIST ? 0
				       : err_errno(e, ERR_LOCAL, "4.3.0",
					     "making queue.directory, %s",
					     s->queue_directory);
	s->has_made_queue = true;
	if (geteuid() == 0 && lchown(s->queue_directory, s->uid, s->gid) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.0", "%s", s->queue_directory);
	return 0;
}

/* The last one may have been killed. */
int
setup_stage_tokens(struct setup *s, struct err *e)
{
	char *path;

	if (s->token_stage != NULL)
		return 0;
	if (make_queue_directory(s, e) == -1)
		return -1;
	path = xasprintf(
	    "%s/" TOKEN_STAGE ".%ld", s->queue_directory, (long)getpid());
	s->token_stage = path;
	(void)as_owner(s, remove_token_stage, NULL);
	if (as_owner(s, make_token_stage, e) == 0)
		return 0;
	free(s->token_stage);
	s->token_stage = NULL;
	return -1;
}

static int
move_token(const struct setup *s)
{
	char name[TOKEN_FILE_MAX];
	char *folder, *from, *to;
	int fd, rc = -1;

	if (token_file_name(s->account, name) == -1)
		return -1;
	folder = xasprintf("%s/" TOKEN_FOLDER, s->queue_directory);
	from = xasprintf("%s/%s", s->token_stage, name);
	to = xasprintf("%s/%s", folder, name);
	if ((mkdir(folder, 0700) == 0 || errno == EEXIST) &&
	    (fd = open(folder,
		 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) != -1) {
		rc = rename(from, to);
		/* Nobody has signed in yet: that is for later. */
		if (rc == -1 && errno == ENOENT)
			rc = 0;
		if (rc == 0)
			rc = fsync(fd);
		close(fd);
	}
	free(folder);
	free(from);
	free(to);
	return rc;
}

bool
setup_has_sign_in(const struct setup *s)
{
	char name[TOKEN_FILE_MAX], *path;
	struct stat st;
	bool rc;

	if (token_file_name(s->account, name) == -1)
		return false;
	path = xasprintf("%s/" TOKEN_FOLDER "/%s", s->queue_directory, name);
	rc = lstat(path, &st) == 0;
	free(path);
	return rc;
}

int
setup_keep_token(const struct setup *s, struct err *e)
{
	return as_owner(s, move_token, e);
}

void
setup_stage_remove(struct setup *s)
{
	if (s->stage != NULL)
		remove_folder(s->stage);
	free(s->stage);
	s->stage = NULL;
	if (s->token_stage != NULL)
		(void)as_owner(s, remove_token_stage, NULL);
	free(s->token_stage);
	s->token_stage = NULL;
	/* Only where it is empty. */
	if (s->has_made_queue)
		(void)rmdir(s->queue_directory);
}

/* ---- what a file holds ---- */

/* Memory, so that it never touches the disk before it is to lie there. */
static int
open_typed(const struct setup_file *f, struct err *e)
{
	int fd = memfile_new("secret", e);
	size_t n = f->typed.len;

	if (fd == -1)
		return -1;
	if (write(fd, f->typed.data, n) == (ssize_t)n &&
	    write(fd, "\n", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 &&
	    memfile_seal(fd, e) == 0)
		return fd;
	close(fd);
	return err_errno(e, ERR_TEMP, "4.3.0", "memory");
}

static int
open_judged(const struct setup *s, const struct setup_file *f, const char *path,
    struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd == -1)
		return err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
	if (fstat(fd, &st) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "%s", path);
	else if ((f->is_public
			 ? secret_judge_public(&st, path, s->uid, e)
			 : secret_judge(&st, path, s->uid, s->gid, e)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
setup_file_open(
    const struct setup *s, const struct setup_file *f, struct err *e)
{
	char *path;
	int fd;

	if (f->typed.len > 0)
		return open_typed(f, e);
	if (f->staged != NULL)
		return open_judged(s, f, f->staged, e);
	if (f->name == NULL)
		return err_set(e, ERR_LOCAL, "5.3.5", "no file is given");
	path = f->name[0] == '/' ? xstrdup(f->name)
				 : xasprintf("%s/%s", s->folder, f->name);
	fd = open_judged(s, f, path, e);
	free(path);
	return fd;
}
