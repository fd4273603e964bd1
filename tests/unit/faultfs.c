/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/xalloc.h"
#include "tests/unit/faultfs.h"

struct shim_file {
	sqlite3_file base; /* first, as SQLite sees it */
	enum faultfs_file which;
	sqlite3_file *real; /* lies behind this struct */
};

static struct {
	sqlite3_vfs vfs, *real;
	enum faultfs_error error;
	unsigned left; /* operations until the failure */
	bool for_ever, has_failed;
	bool recording;
	struct faultfs_op *ops;
	size_t n, room;
} shim;

const char *const faultfs_suffix[FILE_COUNT] = { "", "-wal", "-journal" };

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return ((struct shim_file *)f)->real;
}

/* Counts one operation; true when it is to fail, with errno as of the call. */
static bool
fails(void)
{
	bool now = shim.left == 0 ? shim.for_ever : --shim.left == 0;

	if (!now)
		return false;
	shim.has_failed = true;
	errno = shim.error == FAULT_EDQUOT ? EDQUOT : EIO;
	return true;
}

static bool
write_fails(int *rc)
{
	if (shim.error == FAULT_EIO)
		*rc = SQLITE_IOERR_WRITE;
	else if (shim.error == FAULT_ENOSPC)
		*rc = SQLITE_FULL;
	else if (shim.error == FAULT_EDQUOT)
		*rc = SQLITE_IOERR_WRITE;
	else
		return false;
	return fails();
}

static void
note(enum faultfs_kind kind, enum faultfs_file file, int64_t offset,
    const void *p, size_t len)
{
	struct faultfs_op *op;

	if (!shim.recording)
		return;
	if (shim.n == shim.room) {
		shim.room = shim.room == 0 ? 256 : shim.room * 2;
		shim.ops =
		    xreallocarray(shim.ops, shim.room, sizeof(*shim.ops));
	}
	op = &shim.ops[shim.n++];
	*op = (struct faultfs_op){ kind, file, offset, len, NULL };
	if (p != NULL) {
		op->data = xmalloc(len);
		memcpy(op->data, p, len);
	}
}

static int
shim_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int
shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 offset)
{
	if (shim.error == FAULT_READ && fails())
		return SQLITE_IOERR_READ;
	return real_of(f)->pMethods->xRead(real_of(f), p, n, offset);
}

static int
shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 offset)
{
	int rc;

	if (write_fails(&rc))
		return rc;
	note(OP_WRITE, ((struct shim_file *)f)->which, offset, p, (size_t)n);
	return real_of(f)->pMethods->xWrite(real_of(f), p, n, offset);
}

static int
shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (shim.error == FAULT_EIO && fails())
		return SQLITE_IOERR_TRUNCATE;
	note(OP_TRUNCATE, ((struct shim_file *)f)->which, size, NULL, 0);
	return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int
shim_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	if (shim.error == FAULT_EIO && fails())
		return SQLITE_IOERR_FSYNC;
	note(OP_SYNC, ((struct shim_file *)f)->which, 0, NULL, 0);
	return SQLITE_OK;
}

static int
shim_file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int
shim_lock(sqlite3_file *f, int how)
{
	return real_of(f)->pMethods->xLock(real_of(f), how);
}

static int
shim_unlock(sqlite3_file *f, int how)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), how);
}

static int
shim_check_lock(sqlite3_file *f, int *out)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int
shim_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int
shim_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int
shim_device(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int
shim_shm_map(
    sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real_of(f)->pMethods->xShmMap(
	    real_of(f), page, size, extend, out);
}

static int
shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void
shim_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
shim_shm_unmap(sqlite3_file *f, int delete)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_file_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_lock,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_device,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

static bool
ends_in(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(name + len - n, end, n) == 0;
}

static enum faultfs_file
which_file(const char *name)
{
	size_t len = name == NULL ? 0 : strlen(name);
	int i;

	for (i = FILE_COUNT - 1; i > 0; i--)
		if (ends_in(name, len, faultfs_suffix[i]))
			break;
	len -= strlen(faultfs_suffix[i]);
	return ends_in(name, len, "queue.db") ? (enum faultfs_file)i
					      : FILE_OTHER;
}

static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct shim_file *s = (struct shim_file *)f;
	int rc;

	(void)vfs;
	memset(s, 0, sizeof(*s));
	s->real = (sqlite3_file *)(s + 1);
	s->which = which_file(name);
	rc = shim.real->xOpen(shim.real, name, s->real, flags, out_flags);
	if (rc == SQLITE_OK)
		s->base.pMethods = &shim_methods;
	return rc;
}

static int
shim_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	note(OP_DELETE, which_file(name), 0, NULL, 0);
	return shim.real->xDelete(shim.real, name, sync);
}

void
faultfs_install(void)
{
	if (shim.real != NULL)
		return;
	shim.real = sqlite3_vfs_find(NULL);
	assert(shim.real != NULL);
	shim.vfs = *shim.real;
	shim.vfs.zName = "faultfs";
	shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.real->szOsFile;
	shim.vfs.xOpen = shim_open;
	shim.vfs.xDelete = shim_delete;
	assert(sqlite3_vfs_register(&shim.vfs, 1) == SQLITE_OK);
}

void
faultfs_fail(enum faultfs_error error, unsigned k, bool for_ever)
{
	shim.error = error;
	shim.left = k;
	shim.for_ever = for_ever;
	shim.has_failed = false;
}

bool
faultfs_has_failed(void)
{
	return shim.has_failed;
}

void
faultfs_record(bool on)
{
	shim.recording = on;
	if (!on)
		return;
	while (shim.n > 0)
		free(shim.ops[--shim.n].data);
}

size_t
faultfs_recorded(void)
{
	return shim.n;
}

const struct faultfs_op *
faultfs_op(size_t i)
{
	assert(i < shim.n);
	return &shim.ops[i];
}
