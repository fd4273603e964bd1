/* SPDX-License-Identifier: ISC */
/* The doctor looks at folders and disks. */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/vfs.h>
#endif

#include "admin/check.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"

#define FILES_FEW   1000 /* names that a disk has left */
#define MODE_DROP   03733
#define DROP_LATE_S 3600 /* replayed every minute by a daemon that runs */

/* ---- folders ---- */

struct folder {
	const char *what, *path;
	mode_t must, may;      /* bits of the mode */
	enum check_level open; /* a mode that lets in too many is that bad */
};

static enum check_level
judge_folder(const struct check *k, const struct folder *f,
    const struct stat *st, const char **fault)
{
	mode_t mode = st->st_mode & 07777;

	if (!S_ISDIR(st->st_mode))
		*fault = "is not a folder";
	else if (st->st_uid != k->uid)
		*fault = "belongs to somebody else than mailchuted's user";
	else if ((mode & f->must) != f->must)
		*fault = "has a mode that keeps out whom it is for";
	else if ((mode & ~f->may) != 0) {
		*fault = "has a mode that lets in whom it is not for";
		return f->open;
	} else
		return CHECK_OK;
	return CHECK_FAIL;
}

static bool
check_folder(struct check *k, const struct folder *f)
{
	enum check_level level;
	const char *fault;
	struct stat st;
	char *next;

	if (stat(f->path, &st) == -1 && errno == EACCES) {
		check_say(k, CHECK_UNKNOWN, f->what, "run it as root",
		    "%s may not be looked at by you", f->path);
		return false;
	}
	if (stat(f->path, &st) == -1) {
		check_say(k, errno == ENOENT ? CHECK_WARN : CHECK_FAIL, f->what,
		    "start mailchuted, which makes it", "%s: %s", f->path,
		    strerror(errno));
		return false;
	}
	level = judge_folder(k, f, &st, &fault);
	if (level == CHECK_OK) {
		check_say(k, CHECK_OK, f->what, NULL, "%s has mode %04o",
		    f->path, (unsigned)(st.st_mode & 07777));
		return true;
	}
	next = xasprintf("chown %lu:%lu %s && chmod %04o %s",
	    (unsigned long)k->uid, (unsigned long)k->gid, f->path,
	    (unsigned)f->must, f->path);
	check_say(k, level, f->what, next, "%s %s (uid %lu, mode %04o)",
	    f->path, fault, (unsigned long)st.st_uid,
	    (unsigned)(st.st_mode & 07777));
	free(next);
	return true;
}

/* ---- disks ---- */

/* SQLite's locks do not hold there, nor does an fsync always. */
static const char *
network_disk(const char *path)
{
#ifdef __linux__
	static const struct {
		unsigned magic;
		const char *name;
	} disks[] = { { 0x6969U, "NFS" }, { 0x517bU, "SMB" },
		{ 0xff534d42U, "CIFS" }, { 0xfe534d42U, "SMB" },
		{ 0x01021997U, "9p" } };
	struct statfs fs;
	size_t i;

	if (statfs(path, &fs) == 0)
		for (i = 0; i < sizeof(disks) / sizeof(disks[0]); i++)
			if ((unsigned)fs.f_type == disks[i].magic)
				return disks[i].name;
#else
	(void)path;
#endif
	return NULL;
}

static void
check_disk(struct check *k, const char *what, const char *path)
{
	uint64_t min = k->conf->queue.free_space_min, left;
	char have[TEXT_SHORT], want[TEXT_SHORT];
	struct statvfs fs;

	if (statvfs(path, &fs) == -1) {
		check_say(k, CHECK_UNKNOWN, what, NULL, "%s: %s", path,
		    strerror(errno));
		return;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	text_size(left, have);
	text_size(min, want);
	if (left < min)
		check_say(k, CHECK_FAIL, what, "make room: df, du",
		    "%s free; below queue.free_space_min (%s) no mail is "
		    "taken",
		    have, want);
	else if (left / 2 < min)
		check_say(k, CHECK_WARN, what, "make room: df, du",
		    "%s free; below queue.free_space_min (%s) no mail is "
		    "taken",
		    have, want);
	else if (fs.f_files > 0 && fs.f_favail < FILES_FEW)
		check_say(k, fs.f_favail == 0 ? CHECK_FAIL : CHECK_WARN, what,
		    "make room: df -i",
		    "%llu inodes free: soon no file can be made",
		    (unsigned long long)fs.f_favail);
	else
		check_say(k, CHECK_OK, what, NULL, "%s free", have);
	if (network_disk(path) != NULL)
		check_say(k, CHECK_WARN, what,
		    "set queue.directory to a local disk",
		    "%s lies on %s, on which SQLite's locks are not safe", path,
		    network_disk(path));
}

/* ---- the drop folder ---- */

struct dropped {
	size_t files, late, aside;
};

static bool
count_dropped(const char *path, struct dropped *d)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (strncmp(entry->d_name, "aside.", 6) == 0)
			d->aside++;
		else if (clock_wall() - (int64_t)st.st_mtim.tv_sec >
			 DROP_LATE_S)
			d->late++;
		else
			d->files++;
	}
	closedir(dir);
	return true;
}

static void
check_dropped(struct check *k, const char *path)
{
	struct dropped d = { 0, 0, 0 };

	if (!count_dropped(path, &d)) {
		check_say(k, CHECK_UNKNOWN, "dropped mail", "run it as root",
		    "%s may not be listed by you", path);
		return;
	}
	if (d.aside > 0)
		check_say(k, CHECK_WARN, "dropped mail",
		    "look into the files aside.* there, and remove them",
		    "%zu files in %s were no whole message", d.aside, path);
	if (d.late > 0)
		check_say(k, CHECK_WARN, "dropped mail",
		    "mailchute status, and the log of mailchuted",
		    "%zu files in %s wait for more than an hour", d.late, path);
	if (d.aside + d.late == 0)
		check_say(k, CHECK_OK, "dropped mail", NULL,
		    "%zu files wait for mailchuted", d.files);
}

void
check_files(struct check *k)
{
	const struct conf_queue *q = &k->conf->queue;
	bool has_group = q->admin_group != NULL;
	const struct folder queue = { "queue.directory", q->directory,
		has_group ? 02750 : 0700, has_group ? 02750 : 02700,
		CHECK_WARN };
	const struct folder sockets = { "queue.socket_directory",
		q->socket_directory, 0755, 07755, CHECK_FAIL };
	const struct folder drop = { "queue.drop_directory", q->drop_directory,
		MODE_DROP, MODE_DROP, CHECK_FAIL };
	size_t i;

	for (i = 0; i < k->conf->naccounts; i++)
		check_secret(k, &k->conf->accounts[i]);
	if (check_folder(k, &queue))
		check_disk(k, "disk of the queue", q->directory);
	(void)check_folder(k, &sockets);
	if (check_folder(k, &drop)) {
		check_disk(k, "disk of dropped mail", q->drop_directory);
		check_dropped(k, q->drop_directory);
	}
}
