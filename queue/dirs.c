/* SPDX-License-Identifier: ISC */
/*
 * The daemon's identity and its folders.  Runs before root is given up, so
 * every path component that is made here is opened without following links,
 * and ownership is changed through the descriptor.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "queue/dirs.h"

#define MODE_PRIVATE 0700  /* the queue: its owner alone */
#define MODE_ADMINS  02750 /* with admin_group: -wal and -shm inherit it */
#define MODE_FILE    0640  /* the database, then */
#define MODE_SOCKETS 0755
#define MODE_DROP    03733 /* rwx-ws-wt: anyone drops, nobody lists */

static int
find_admin_group(const struct conf *conf, struct identity *id, struct err *e)
{
	const struct group *gr;

	id->has_admin_group = conf->queue.admin_group != NULL;
	if (!id->has_admin_group)
		return 0;
	if ((gr = getgrnam(conf->queue.admin_group)) == NULL)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "queue.admin_group: there is no group %s; make it by "
		    "groupadd --system %s",
		    conf->queue.admin_group, conf->queue.admin_group);
	id->admin_gid = gr->gr_gid;
	return 0;
}

int
identity_find(const struct conf *conf, struct identity *id, struct err *e)
{
	const struct passwd *pw;

	memset(id, 0, sizeof(*id));
	if (geteuid() != 0) {
		id->uid = geteuid();
		id->gid = getegid();
		return find_admin_group(conf, id, e);
	}
	if ((pw = getpwnam(conf->queue.user)) == NULL)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "queue.user: there is no user %s; make it by "
		    "useradd --system --user-group --shell /usr/sbin/nologin "
		    "%s",
		    conf->queue.user, conf->queue.user);
	if (pw->pw_uid == 0)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "queue.user is %s, which is root: mailchuted never stays "
		    "root; name an unprivileged user",
		    conf->queue.user);
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	return find_admin_group(conf, id, e);
}

/*
 * The folders above are made as mkdir -p would: root's, 0755, whatever the
 * umask, since everyone must pass through them to the sockets and the drop
 * folder.
 */
static int
make_above(const char *path)
{
	char part[PATH_MAX], *slash;
	bool made;

	if (strlcpy(part, path, sizeof(part)) >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (slash = strchr(part + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		made = mkdir(part, 0755) == 0;
		if ((!made && errno != EEXIST) ||
		    (made && chmod(part, 0755) == -1))
			return -1;
		*slash = '/';
	}
	return 0;
}

/* Who may not make a folder now will not be allowed to later. */
static int
cannot_make(const char *path, struct err *e)
{
	return errno == EACCES || errno == EPERM
		   ? err_errno(e, ERR_PERM, "5.7.1", "cannot make %s", path)
		   : err_errno(e, ERR_TEMP, "4.3.0", "cannot make %s", path);
}

static int
make_one(const char *path, mode_t mode, const struct identity *id, gid_t gid,
    struct err *e)
{
	struct stat st;
	int fd, rc = -1;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(
		    e, ERR_LOCAL, "5.3.5", "%s is not a folder", path);
	}
	if (make_above(path) == -1 || mkdir(path, 0700) == -1)
		return cannot_make(path, e);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot open %s", path);
	/* chmod last: chown takes the set-id bits away. */
	if ((geteuid() == 0 || gid != getegid()) &&
	    fchown(fd, geteuid() == 0 ? id->uid : (uid_t)-1, gid) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "cannot chown %s", path);
	else if (fchmod(fd, mode) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "cannot chmod %s", path);
	else
		rc = 0;
	close(fd);
	return rc;
}

int
dirs_make(const struct conf *conf, const struct identity *id, struct err *e)
{
	const struct conf_queue *q = &conf->queue;
	mode_t mode = id->has_admin_group ? MODE_ADMINS : MODE_PRIVATE;
	gid_t gid = id->has_admin_group ? id->admin_gid : id->gid;

	if (make_one(q->directory, mode, id, gid, e) == -1 ||
	    make_one(q->socket_directory, MODE_SOCKETS, id, id->gid, e) == -1)
		return -1;
	return make_one(q->drop_directory, MODE_DROP, id, id->gid, e);
}

/*
 * Gives a folder or file of ours that is there already what it lacks to be of
 * use.  take is for bits that do harm; in all others the administrator may have
 * his reasons, and what is not ours is left alone.
 */
struct mend {
	mode_t type; /* S_IFDIR, S_IFREG */
	mode_t give, take;
	uid_t uid;
	gid_t gid;
};

static bool
is_ours(const struct mend *m, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == m->type && st->st_uid == m->uid &&
	       (m->type == S_IFDIR || st->st_nlink == 1);
}

static void
mend_one(const char *path, const struct mend *m)
{
	struct stat st;
	mode_t mode;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == -1 || !is_ours(m, &st))
		goto out;
	mode = ((st.st_mode & 07777) | m->give) & ~m->take;
	if (st.st_gid == m->gid && (st.st_mode & 07777) == mode)
		goto out;
	/* chmod last: chown takes the set-id bits away. */
	if ((st.st_gid != m->gid && fchown(fd, (uid_t)-1, m->gid) == -1) ||
	    fchmod(fd, mode) == -1)
		log_text(LOG_WARNING, "folder",
		    "%s has mode %04o and group id %lu, and cannot be given "
		    "%04o and %lu: %s",
		    path, (unsigned)(st.st_mode & 07777),
		    (unsigned long)st.st_gid, (unsigned)mode,
		    (unsigned long)m->gid, strerror(errno));
out:
	close(fd);
}

/*
 * Files that were made before the group was named: those made later inherit it
 * from the folder.
 */
static void
mend_queue(const char *directory, const struct identity *id)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm" };
	const struct mend folder = { S_IFDIR, MODE_ADMINS, 0, id->uid,
		id->admin_gid };
	const struct mend file = { S_IFREG, MODE_FILE, ~MODE_FILE & 07777,
		id->uid, id->admin_gid };
	char path[PATH_MAX];
	size_t i;

	mend_one(directory, &folder);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		mend_one(path, &file);
	}
}

void
dirs_mend(const struct conf *conf, const struct identity *id)
{
	const struct mend drop = { S_IFDIR, MODE_DROP, ~MODE_DROP & 07777,
		id->uid, id->gid };

	if (id->has_admin_group)
		mend_queue(conf->queue.directory, id);
	mend_one(conf->queue.drop_directory, &drop);
}
