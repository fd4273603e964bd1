/* SPDX-License-Identifier: ISC */
/* What puts a file in the place of another. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/durable.h"
#include "common/xalloc.h"

/* write(2), as a slow or full disk would have it. */
static struct {
	size_t piece; /* the most that it takes; 0: all */
	int interrupted;
	int fails_after; /* calls; -1: never */
} disk;

static ssize_t
write_some(int fd, const void *p, size_t n)
{
	if (disk.interrupted > 0) {
		disk.interrupted--;
		errno = EINTR;
		return -1;
	}
	if (disk.fails_after == 0) {
		errno = ENOSPC;
		return -1;
	}
	disk.fails_after--;
	return pwrite(fd, p, disk.piece != 0 && n > disk.piece ? disk.piece : n,
	    lseek(fd, 0, SEEK_END));
}

ssize_t
write(int fd, const void *buf, size_t n)
{
	return write_some(fd, buf, n);
}

static char *folder, *path;
static int fd;

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	memset(&disk, 0, sizeof(disk));
	disk.fails_after = -1;
	folder = xasprintf("%s/durable.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	disk.fails_after = -1;
	close(fd);
	unlink(path);
	rmdir(folder);
	free(path);
	free(folder);
	return 0;
}

static void
has(const char *expected)
{
	char bytes[64];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(bytes, expected, strlen(expected));
}

static void
pieces_make_a_whole(void **state)
{
	(void)state;
	disk.piece = 3;
	disk.interrupted = 2;
	assert_int_equal(durable_write(fd, "the whole of it", 15), 0);
	has("the whole of it");
}

static void
a_full_disk_is_told(void **state)
{
	(void)state;
	disk.piece = 3;
	disk.fails_after = 2;
	assert_int_equal(durable_write(fd, "the whole of it", 15), -1);
	assert_int_equal(errno, ENOSPC);
	has("the wh");
}

static void
rights_are_those_of_before(void **state)
{
	struct stat was, now;

	(void)state;
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_int_equal(fstat(fd, &was), 0);
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(durable_like(fd, &was), 0);
	assert_int_equal(fstat(fd, &now), 0);
	assert_int_equal(now.st_mode & 07777, 0640);
	/* somebody else's: root gives it back, nobody else can */
	was.st_uid += 1;
	if (geteuid() == 0) {
		was.st_mode |= 04000;
		assert_int_equal(durable_like(fd, &was), 0);
		assert_int_equal(fstat(fd, &now), 0);
		assert_int_equal(now.st_uid, was.st_uid);
		assert_int_equal(now.st_mode, was.st_mode);
	} else
		assert_int_equal(durable_like(fd, &was), -1);
}

static void
a_folder_by_what_is_in_it(void **state)
{
	char *missing = xasprintf("%s/none/file", folder);

	(void)state;
	assert_int_equal(durable_folder_of(path), 0);
	assert_int_equal(durable_folder_of(missing), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(durable_folder_of("file"), 0);
	assert_int_equal(chdir("/"), 0);
	free(missing);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(pieces_make_a_whole),
		TEST(a_full_disk_is_told),
		TEST(rights_are_those_of_before),
		TEST(a_folder_by_what_is_in_it),
	};

	return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
