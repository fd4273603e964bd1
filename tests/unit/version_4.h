/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_VERSION_4_H
#define TESTS_UNIT_VERSION_4_H

#include <sqlite3.h>

#include "queue/store.h"

/*
 * A program that links this is of a later day: it defines sql_migrations and
 * sql_version, in the place of queue/schema.c, with a version 4 that nobody
 * else knows.  The rest of it, from store_open on, is today's.
 */

/* Messages of tests/data/queue-1, and those of them that were acknowledged. */
#define STORED_MESSAGES 10
#define STORED_MAIL     9

/* A folder with that queue, and the queue's path, for version_4_remove. */
char *version_4_world(char **path);
void version_4_remove(char *directory, char *path);

/* By a connection of its own: the schema's version; -1 without a file. */
int version_of(const char *path);

/*
 * What stands in the columns of version 1, of every table but facts: the same
 * for files with the same mail.  Fails when the file is damaged.
 */
unsigned long digest_of(const char *path);

/* path and end name a file. */
bool is_beside(const char *path, const char *end);

/* As mailchuted does: 0 or -1; the store is closed again. */
int open_and_close(const char *directory, enum store_mode mode,
    struct store_opened *what, struct err *e);

#endif
