/* SPDX-License-Identifier: ISC */
/*
 * The versions of the schema, from nothing to the newest.  docs/schema.md tells
 * how one is added.
 */
#include "config.h"

#include "queue/sql.h"

const char *const sql_migrations[] = {
	sql_schema_1,
	sql_schema_2,
	sql_schema_3,
};
const int sql_version = sizeof(sql_migrations) / sizeof(sql_migrations[0]);
