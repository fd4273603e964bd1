/* SPDX-License-Identifier: ISC */
/* Memory files: written, sealed, and then nobody's to change. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memfile.h"

static void
keeps_what_was_written(void **state)
{
	char text[16];
	struct stat st;
	struct err e;
	int fd = memfile_new("test", &e);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(write(fd, "token", 5), 5);
	assert_int_equal(memfile_seal(fd, &e), 0);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 5);
	assert_memory_equal(text, "token", 5);
	close(fd);
}

static void
nobody_changes_a_sealed_one(void **state)
{
	struct err e;
	int fd = memfile_new("test", &e);

	(void)state;
#ifdef HAVE_MEMFD_CREATE
	assert_false(memfile_is_sealed(fd));
#endif
	assert_int_equal(write(fd, "token", 5), 5);
	assert_int_equal(memfile_seal(fd, &e), 0);
	assert_true(memfile_is_sealed(fd));
#ifdef HAVE_MEMFD_CREATE
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(memfile_seal(fd, &e), -1);
#endif
	close(fd);
	assert_false(memfile_is_sealed(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_written),
		cmocka_unit_test(nobody_changes_a_sealed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
