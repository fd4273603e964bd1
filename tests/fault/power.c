/* SPDX-License-Identifier: ISC */
/*
 * Power cuts.  A piece of a queue's life is recorded as the disk saw it: each
 * write, truncate and sync.  For each moment of it, images of the files are
 * built as a disk may leave them: what was synced, and of what was not synced
 * yet nothing, everything, a random half, or random 512-octet sectors.  Each
 * image is opened, and must hold every message acknowledged by then.
 *
 * A disk that only pretends to sync is tried as well, and must lose mail: that
 * shows that this test can see a loss.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/unit/faultfs.h"
#include "tests/unit/queue_story.h"

#define SECTOR    512
#define IMAGE_MAX (4 * 1024 * 1024)

enum leftover {
	LEFT_NOTHING,
	LEFT_ALL,
	LEFT_HALF,
	LEFT_SECTORS,
	LEFT_COUNT
};

struct image {
	unsigned char *p;
	size_t len;
};

static uint32_t dice = 1;

static bool
toss(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return (dice >> 16 & 1) != 0;
}

static void
apply_octets(struct image *to, size_t offset, const unsigned char *p, size_t n)
{
	assert_true(offset + n <= IMAGE_MAX);
	if (offset > to->len)
		memset(to->p + to->len, 0, offset - to->len);
	memcpy(to->p + offset, p, n);
	if (offset + n > to->len)
		to->len = offset + n;
}

static void
apply(struct image *to, const struct faultfs_op *op, bool torn)
{
	size_t at, n;

	if (op->kind == OP_WRITE)
		for (at = 0; at < op->len; at += n) {
			n = SECTOR - ((size_t)op->offset + at) % SECTOR;
			if (n > op->len - at)
				n = op->len - at;
			if (!torn || toss())
				apply_octets(to, (size_t)op->offset + at,
				    op->data + at, n);
		}
	else if (op->kind == OP_TRUNCATE && (size_t)op->offset < to->len)
		to->len = (size_t)op->offset;
	else if (op->kind == OP_DELETE)
		to->len = 0;
}

/* The file as it lies there when the power goes before operation "end". */
static void
build(struct image *to, enum faultfs_file file, size_t end, enum leftover left,
    bool syncs_count)
{
	const struct faultfs_op *op;
	size_t i, synced = 0;

	for (i = 0; i < end && syncs_count; i++) {
		op = faultfs_op(i);
		if (op->file == file &&
		    (op->kind == OP_SYNC || op->kind == OP_DELETE))
			synced = i + 1;
	}
	to->len = 0;
	for (i = 0; i < end; i++) {
		op = faultfs_op(i);
		if (op->file != file)
			continue;
		if (i < synced || left == LEFT_ALL)
			apply(to, op, false);
		else if (left == LEFT_SECTORS)
			apply(to, op, true);
		else if (left == LEFT_HALF && toss())
			apply(to, op, false);
	}
}

static void
write_image(
    const char *directory, enum faultfs_file file, const struct image *image)
{
	char *path =
	    xasprintf("%s/queue.db%s", directory, faultfs_suffix[file]);
	int fd;

	/* An empty file and none are the same to SQLite, but for the first. */
	if (image->len > 0 || file == FILE_DB) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_true(fd >= 0);
		assert_int_equal(
		    write(fd, image->p, image->len), (ssize_t)image->len);
		close(fd);
	}
	free(path);
}

static bool
survives(const struct story *t, size_t end, enum leftover left,
    bool syncs_count, struct image *image)
{
	char *directory = fixture_directory();
	bool holds;
	int file;

	for (file = 0; file < FILE_COUNT; file++) {
		build(image, (enum faultfs_file)file, end, left, syncs_count);
		write_image(directory, (enum faultfs_file)file, image);
	}
	holds = story_holds(t, directory, end);
	fixture_remove(directory);
	return holds;
}

struct tally {
	unsigned images, lost;
};

static struct tally
cut_everywhere(const struct story *t, size_t step, bool syncs_count)
{
	struct image image = { xmalloc(IMAGE_MAX), 0 };
	size_t operations = faultfs_recorded(), end;
	struct tally sum = { 0, 0 };
	int left;

	faultfs_record(false);
	for (end = 0; end <= operations; end += step)
		for (left = 0; left < LEFT_COUNT; left++) {
			sum.images++;
			if (!survives(t, end, (enum leftover)left, syncs_count,
				&image))
				sum.lost++;
		}
	free(image.p);
	return sum;
}

static void
record(struct story *t)
{
	char *directory = fixture_directory();

	memset(t, 0, sizeof(*t));
	t->now = faultfs_recorded;
	faultfs_record(true);
	assert_int_equal(story_tell(t, directory), 0);
	fixture_remove(directory);
}

static void
no_power_cut_loses_acknowledged_mail(void **state)
{
	static struct story t;
	struct tally sum;

	(void)state;
	record(&t);
	sum = cut_everywhere(&t, fixture_stride(3), true);
	print_message("# %u images, %u with a loss\n", sum.images, sum.lost);
	assert_true(sum.images > 500);
	assert_int_equal(sum.lost, 0);
}

static void
disk_that_does_not_sync_is_found_out(void **state)
{
	static struct story t;
	struct tally sum;

	(void)state;
	record(&t);
	sum = cut_everywhere(&t, 41, false);
	print_message("# %u images, %u with a loss\n", sum.images, sum.lost);
	assert_true(sum.lost > sum.images / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_power_cut_loses_acknowledged_mail),
		cmocka_unit_test(disk_that_does_not_sync_is_found_out),
	};

	faultfs_install();
	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
