/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SALVAGE_PRIV_H
#define QUEUE_SALVAGE_PRIV_H

#include "queue/salvage.h"
#include "queue/store_priv.h"

/* salvage_file.c, for salvage.c. */

int salvage_exec(sqlite3 *db, const char *sql);
uint64_t salvage_size(const char *path);

/*
 * The damaged file, or a copy of it (and of its journal) with the first page
 * of a new queue; -1 when neither can be read.
 */
struct salvage_files {
	const char *from, *copy;
	salvage_step *step; /* for each part that is copied; may be NULL */
	void *arg;
};
int salvage_open_from(const struct salvage_files *f, sqlite3 **db);
void salvage_remove_copy(const char *copy);

/* Makes a queue without mail at path. */
int salvage_open_to(const char *path, sqlite3 **db, struct err *e);

/* salvage_sql.c */

#define SALVAGE_IDS    8
#define SALVAGE_TABLES 10

enum salvage_part {
	PART_MESSAGE,
	PART_RCPTS,
	PART_CHUNK,
	PART_ATTEMPTS,
	PARTS
};

/* Rows that go over into the table of the same name. */
struct salvage_source {
	const char *table, *read, *insert;
};

extern const char salvage_from_settings[], salvage_to_settings[];
extern const char salvage_ask_tables[], salvage_forget_lost[];
extern const char *const salvage_ids[SALVAGE_IDS];
extern const struct salvage_source salvage_parts[PARTS];
extern const struct salvage_source salvage_tables[SALVAGE_TABLES];

/* The insert for the rows of in; to be freed with sqlite3_free. */
char *salvage_insert(const struct salvage_source *source, sqlite3_stmt *in);

#endif
