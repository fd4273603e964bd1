/* SPDX-License-Identifier: ISC */
/*
 * Is the file that we write to still the one that the next start will open?
 * SQLite goes on writing to a queue.db that was removed, or to which a backup
 * was restored, and so mail would be acknowledged and lost.  Two calls of
 * stat(2) a commit, beside its fsync, tell.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "common/xalloc.h"
#include "queue/damage.h"
#include "queue/store_priv.h"

/* A connection's first read has opened both files. */
int
place_note(struct store *s, struct err *e)
{
	char *journal = xasprintf("%s-wal", s->path);
	struct stat db, wal;
	int rc = 0;

	if (stat(s->path, &db) == -1 || stat(journal, &wal) == -1)
		rc = err_errno(e, ERR_TEMP, "4.3.0", "%s", journal);
	else {
		s->file = (struct store_file){ db.st_dev, db.st_ino };
		s->journal = (struct store_file){ wal.st_dev, wal.st_ino };
	}
	free(journal);
	return rc;
}

static bool
is_there(const char *path, const struct store_file *f)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == f->dev &&
	       st.st_ino == f->ino;
}

int
store_in_place(const struct store *s, struct err *e)
{
	char *journal = xasprintf("%s-wal", s->path);
	bool is_right =
	    is_there(s->path, &s->file) && is_there(journal, &s->journal);

	free(journal);
	return is_right ? 0
			: err_set(e, ERR_TEMP, "4.3.0",
			      "the queue %s, or its journal, was moved, "
			      "removed or replaced while in use",
			      s->path);
}

uint64_t
store_journal_file(const struct store *s)
{
	char *journal = xasprintf("%s-wal", s->path);
	struct stat st;
	int rc = stat(journal, &st);

	free(journal);
	return rc == -1 ? 0 : (uint64_t)st.st_size;
}

bool
store_is_damaged(const struct store *s)
{
	return s->is_damaged;
}

void
store_suspect(const struct store *s)
{
	damage_mark(s->path);
}
