/* SPDX-License-Identifier: ISC */
/*
 * The queue's lock file.  flock, and not fcntl's process locks: those would be
 * lost as soon as any code in the process closed another descriptor of the
 * file, and would not outlive the parent that takes the lock for its child.
 * The file is never removed, since whoever waits may have it open already.
 */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "queue/lock.h"

#define LOCK_NAME "lock"
#define LOOK_MS   50 /* between two looks at a lock that is taken */

static int
lock_open(const char *path, struct err *e)
{
	struct stat st;
	int fd;

	fd = open(
	    path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EACCES)
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "cannot open the queue's lock %s: %s; its folder, "
		    "queue.directory, has to belong to user id %lu",
		    path, strerror(errno), (unsigned long)geteuid());
	if (fd == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0",
		    "cannot open the queue's lock %s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_LOCAL, "4.3.0",
		    "the queue's lock %s is not a plain file; move it away",
		    path);
	}
	return fd;
}

/* The holder's process id as it wrote it, or "unknown". */
static void
read_holder(int fd, char *out, size_t room)
{
	const char *why = NULL;
	char text[16];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	(void)strtonum(text, 1, INT32_MAX, &why);
	strlcpy(out, why == NULL ? text : "unknown", room);
}

static int
write_holder(int fd, const char *path, struct err *e)
{
	char text[16];
	int n;

	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n)
		return 0;
	/* On a full disk the lock holds all the same; only its name lacks. */
	if (errno == ENOSPC || errno == EDQUOT)
		return 0;
	return err_errno(e, ERR_LOCAL, "4.3.0", "writing %s", path);
}

static int
lock_wait(int fd, int64_t deadline_ms)
{
	struct timespec pause = { 0, LOOK_MS * 1000000L };

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_mono_ms() >= deadline_ms) {
			errno = EWOULDBLOCK;
			return -1;
		}
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int
lock_take(const char *directory, unsigned wait_s, struct err *e)
{
	char *path = xasprintf("%s/" LOCK_NAME, directory);
	char holder[16];
	int fd;

	if ((fd = lock_open(path, e)) == -1)
		goto out;
	if (lock_wait(fd, clock_mono_ms() + (int64_t)wait_s * 1000) == -1) {
		if (errno == EWOULDBLOCK) {
			read_holder(fd, holder, sizeof(holder));
			err_set(e, ERR_TEMP, "4.3.0",
			    "the queue in %s is in use by process %s; stop "
			    "that one first, or wait",
			    directory, holder);
		} else
			err_errno(e, ERR_LOCAL, "4.3.0", "locking %s", path);
		goto fail;
	}
	if (write_holder(fd, path, e) == -1)
		goto fail;
	goto out;
fail:
	close(fd);
	fd = -1;
out:
	free(path);
	return fd;
}

void
lock_release(int fd)
{
	if (fd == -1)
		return;
	/* The name stays in the file: a forked child may hold the lock on. */
	close(fd);
}
