/* SPDX-License-Identifier: ISC */
/*
 * A damaged queue.db gives way to a new one, and is kept.
 *
 *	queue.db.suspect	damage was met while running
 *	queue.db.tries		the tries at reading the damage (damage_note.c)
 *	queue.db.untold		what is to be told of the replacement
 *	queue.db.part		the new queue, not yet whole
 *	queue.db.new		the new queue, whole and synced
 *	queue.db.damaged-T	the damaged file, with -wal and -shm
 *
 * The new queue is made beside the damaged one, which keeps its name until
 * queue.db.new is there; from then on every start goes on with the renames
 * where the one before was cut off.  The journal goes aside before its
 * database, since SQLite would play it into the next file of that name.  T is
 * the time of queue.db.new, so that all three files get the same one.
 *
 * A start that is killed loses its work and nothing else.  To be asked to end
 * waits until the new file is in its place: by then it is quick.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/damage.h"
#include "queue/damage_note.h"
#include "queue/unread.h"

#define INSTANT_ROOM  24
#define JOURNAL_HEAD  32 /* octets; frames follow */
#define JOURNAL_MAGIC 0x377f0682U

/* The octets of path followed by end; -1 when there is no such file. */
static int64_t
size_of(const char *path, const char *end)
{
	char *name = xasprintf("%s%s", path, end);
	struct stat st;
	int rc = lstat(name, &st);

	free(name);
	return rc == -1 ? -1 : (int64_t)st.st_size;
}

static void
remove_file(const char *path, const char *end)
{
	char *name = xasprintf("%s%s", path, end);

	(void)unlink(name);
	free(name);
}

/* Adds an octet to a file that says something by being there. */
static int
put_octet(const char *path, const char *end)
{
	char *name = xasprintf("%s%s", path, end);
	int fd, rc = -1;

	fd = open(
	    name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1 && write(fd, "x", 1) == 1 && fsync(fd) == 0)
		rc = 0;
	if (fd != -1)
		close(fd);
	free(name);
	return rc;
}

/* A journal with frames that does not begin as one: SQLite would ignore it. */
static bool
journal_is_foreign(const char *path)
{
	char *name = xasprintf("%s-wal", path);
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char head[4];
	bool is_foreign = false;

	if (fd != -1 && pread(fd, head, 4, 0) == 4)
		is_foreign =
		    ((uint32_t)head[0] << 24 | head[1] << 16 | head[2] << 8 |
			(head[3] & 0xfeU)) != JOURNAL_MAGIC;
	if (fd != -1)
		close(fd);
	free(name);
	return is_foreign;
}

bool
damage_is_plain(const char *path)
{
	int64_t journal = size_of(path, "-wal");

	if (size_of(path, ".suspect") >= 0)
		return true;
	/* A first start that was cut off has made no journal yet. */
	if (size_of(path, "") <= 0)
		return journal > 0 || (journal == 0 && size_of(path, "") == 0);
	return journal > JOURNAL_HEAD && journal_is_foreign(path);
}

void
damage_forget(const char *path)
{
	remove_file(path, ".tries");
	remove_file(path, ".part");
	remove_file(path, ".part-journal");
}

void
damage_mark(const char *path)
{
	(void)put_octet(path, ".suspect");
}

static int
sync_directory(const char *path, struct err *e)
{
	char *directory = xstrdup(path);
	int fd, rc = 0;

	*strrchr(directory, '/') = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		rc = err_errno(e, ERR_TEMP, "4.3.0", "syncing %s", directory);
	if (fd != -1)
		close(fd);
	free(directory);
	return rc;
}

/* Never over another file: that would be somebody's mail. */
static int
move(const char *path, const char *end, const char *aside, struct err *e)
{
	char *from = xasprintf("%s%s", path, end);
	char *to = xasprintf("%s%s", aside, end);
	int rc = 0;

	if (size_of(from, "") >= 0 &&
	    (link(from, to) == -1 || unlink(from) == -1))
		rc = err_errno(
		    e, ERR_LOCAL, "4.3.0", "moving %s to %s", from, to);
	free(from);
	free(to);
	return rc;
}

/* path.damaged-20261124T071500Z, by the time of the new file. */
static char *
aside_name(const char *path, const char *fresh)
{
	char at[INSTANT_ROOM], *name;
	struct stat st;
	struct tm tm;
	unsigned n;

	if (stat(fresh, &st) == -1 || gmtime_r(&st.st_mtime, &tm) == NULL ||
	    strftime(at, sizeof(at), "%Y%m%dT%H%M%SZ", &tm) == 0)
		strlcpy(at, "unknown", sizeof(at));
	name = xasprintf("%s.damaged-%s", path, at);
	for (n = 2; size_of(name, "") >= 0; n++) {
		free(name);
		name = xasprintf("%s.damaged-%s.%u", path, at, n);
	}
	return name;
}

/* The renames, to the name that was noted. */
static int
swap(const char *path, struct err *e)
{
	char *fresh = xasprintf("%s.new", path);
	struct damage_report r;
	int rc = -1;

	if (!damage_untold_get(path, &r))
		r.aside = aside_name(path, fresh);
	if (move(path, "-wal", r.aside, e) == -1 ||
	    move(path, "-shm", r.aside, e) == -1 ||
	    move(path, "", r.aside, e) == -1 || sync_directory(path, e) == -1)
		goto out;
	if (rename(fresh, path) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "renaming %s", fresh);
		goto out;
	}
	remove_file(path, ".suspect");
	remove_file(path, ".tries");
	rc = sync_directory(path, e);
out:
	free(r.aside);
	free(fresh);
	return rc;
}

int
damage_finish(const char *path, struct err *e)
{
	return size_of(path, ".new") >= 0 ? swap(path, e) : 0;
}

bool
damage_untold(const char *path, struct damage_report *r)
{
	if (!damage_untold_get(path, r))
		return false;
	if (size_of(r->aside, "") >= 0)
		return true;
	/* It came to no replacement; or the file was moved away since. */
	free(r->aside);
	damage_untold_forget(path);
	return false;
}

void
damage_told(const char *path)
{
	damage_untold_forget(path);
}

/* Twice: what could not be read once may be read now. */
static int
try_salvage(
    const char *path, const char *part, struct damage_report *r, struct err *e)
{
	struct damage_try t;
	int n, rc = -1;

	if (damage_tries_spent(path) || damage_try_begin(&t, path) == -1)
		return -1;
	for (n = 0; n < 2 && rc == -1; n++) {
		remove_file(path, ".part");
		remove_file(path, ".part-journal");
		rc = salvage_run(
		    path, part, damage_try_step, &t, &r->salvage, e);
	}
	damage_try_end(&t, path);
	return rc;
}

/* A new queue of what can be read, or an empty one, under the name .new. */
static int
make_new(const char *path, struct damage_report *r, struct err *e)
{
	char *part = xasprintf("%s.part", path);
	char *fresh = xasprintf("%s.new", path);
	int rc = -1;

	r->by_hand = try_salvage(path, part, r, e) == -1;
	/* What was not found, was it not there, or has the disk gone? */
	if (unread_wait(path, e) == -1)
		goto out;
	if (r->by_hand) {
		remove_file(path, ".part");
		remove_file(path, ".part-journal");
		if (salvage_nothing(part, e) == -1)
			goto out;
	}
	r->aside = aside_name(path, part);
	if (damage_untold_put(path, r, e) == -1)
		goto out;
	if (rename(part, fresh) == -1)
		err_errno(e, ERR_LOCAL, "4.3.0", "renaming %s", part);
	else
		rc = sync_directory(path, e);
out:
	free(part);
	free(fresh);
	return rc;
}

/* Whoever asks us to end, a terminal or a manager, can wait for that. */
static void
put_off_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, before);
}

int
damage_replace(const char *path, struct damage_report *r, struct err *e)
{
	sigset_t before;
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if (unread_wait(path, e) == -1)
		return -1;
	log_event(LOG_WARNING, "salvage", "file", path, "text",
	    "the queue is damaged; what can be read of it goes into a new "
	    "file, which takes its time when there is much",
	    NULL);
	put_off_signals(&before);
	if (make_new(path, r, e) == -1)
		err_prefix(e, "replacing the damaged queue");
	else
		rc = swap(path, e);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
