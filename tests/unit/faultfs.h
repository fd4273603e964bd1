/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_FAULTFS_H
#define TESTS_UNIT_FAULTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A file system for SQLite that fails when told to, and remembers what was
 * asked of the disk.  It stands in front of the real one, for the whole
 * process; syncs are counted and remembered but not made, since no test pulls
 * the plug in earnest.
 */
void faultfs_install(void);

enum faultfs_error {
	FAULT_NONE,
	FAULT_EIO,    /* writes, syncs and truncates fail */
	FAULT_ENOSPC, /* writes find the disk full; the rest works */
	FAULT_EDQUOT, /* the same of what a user may have of it */
	FAULT_READ    /* reads fail */
};

/*
 * The k-th operation from now (k >= 1) of those the error is about fails, and
 * with for_ever all later ones too.  FAULT_NONE ends it.
 */
void faultfs_fail(enum faultfs_error error, unsigned k, bool for_ever);
bool faultfs_has_failed(void); /* since the last faultfs_fail */

/* What was asked, in order, while recording. */
enum faultfs_kind {
	OP_WRITE,
	OP_TRUNCATE, /* to offset */
	OP_SYNC,
	OP_DELETE /* the file's name is gone, synced */
};
enum faultfs_file {
	FILE_DB,
	FILE_WAL,
	FILE_JOURNAL,
	FILE_COUNT,
	FILE_OTHER = FILE_COUNT /* none of a queue.db */
};
extern const char *const faultfs_suffix[FILE_COUNT];

struct faultfs_op {
	enum faultfs_kind kind;
	enum faultfs_file file;
	int64_t offset;
	size_t len;
	unsigned char *data;
};
void faultfs_record(bool on); /* on: forgets what was recorded before */
size_t faultfs_recorded(void);
const struct faultfs_op *faultfs_op(size_t i);

#endif
