/* SPDX-License-Identifier: ISC */
/* Telling a disk that cannot be read from a queue that is damaged. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/unread.h"

#define BLOCK   65536
#define TRIES   6
#define PAUSE_S 2

struct sum {
	uint64_t blocks, unread;
	int error;
};

static void
read_file(const char *path, const char *end, struct sum *s)
{
	char *name = xasprintf("%s%s", path, end), *p = xmalloc(BLOCK);
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t at = 0, size = fd == -1 ? 0 : lseek(fd, 0, SEEK_END);

	for (; at < size; at += BLOCK) {
		s->blocks++;
		if (pread(fd, p, BLOCK, at) == -1 && errno != EINTR) {
			s->unread++;
			s->error = errno;
		}
	}
	if (fd != -1)
		close(fd);
	free(name);
	free(p);
}

int
unread_wait(const char *path, struct err *e)
{
	static const struct timespec pause = { .tv_sec = PAUSE_S };
	struct sum s = { 0, 0, 0 };
	int n;

	for (n = 0; n < TRIES; n++) {
		if (n > 0)
			(void)nanosleep(&pause, NULL);
		s = (struct sum){ 0, 0, 0 };
		read_file(path, "", &s);
		read_file(path, "-wal", &s);
		if (s.unread == 0)
			return 0;
	}
	if (s.unread <= s.blocks / 2)
		return 0;
	errno = s.error;
	return err_errno(e, ERR_TEMP, "4.3.0",
	    "the disk gives %llu of %llu KiB of the queue %s, which is left "
	    "as it is; see to the disk",
	    (unsigned long long)(s.blocks - s.unread) * (BLOCK / 1024),
	    (unsigned long long)s.blocks * (BLOCK / 1024), path);
}
