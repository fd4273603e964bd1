/* SPDX-License-Identifier: ISC */
/*
 * A file that anyone has put into the drop folder.  One that is complete is
 * open at its first frame and ends with END; any other is closed.
 */
#include "config.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/dropfile.h"

#include "tests/fuzz/fuzz.h"

static void
judge(const struct dropfile *f, const uint8_t *p, size_t n)
{
	uint8_t *rest = xmalloc(n + 1);
	uint64_t version;
	ssize_t line = drop_line_get(p, n, &version);
	size_t left = n - (size_t)line;

	assert(line > 0 && n > (size_t)line);
	assert(version >= SUBMIT_VERSION_MIN && version <= SUBMIT_VERSION);
	assert(read(f->fd, rest, n + 1) == (ssize_t)left);
	assert(memcmp(rest, p + line, left) == 0);
	free(rest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	char *path =
	    xasprintf("%s/fuzz-drop.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	struct dropfile f;
	int dir, fd;

	assert(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	fd = openat(dir, "x", O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert(dir != -1 && fd != -1);
	assert(n == 0 || write(fd, p, n) == (ssize_t)n);
	close(fd);
	if (dropfile_open(dir, getegid(), "x", 1000, INT32_MAX, &f) ==
	    DROPFILE_COMPLETE) {
		judge(&f, p, n);
		close(f.fd);
	} else {
		assert(f.fd == -1);
		/* A day later nothing is still being written. */
		assert(f.why[0] != '\0');
	}
	assert(unlinkat(dir, "x", 0) == 0 && rmdir(path) == 0);
	close(dir);
	free(path);
	return 0;
}
