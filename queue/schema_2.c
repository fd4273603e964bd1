/* SPDX-License-Identifier: ISC */
/*
 * Version 2 of the schema: the expiry calendar.  Files of it exist, so this
 * text stays as it is; what is to be different is version 3.
 */
#include "config.h"

#include "queue/sql.h"

const char sql_schema_2[] =
    "CREATE TABLE expiry ("
    "  account TEXT NOT NULL CHECK (typeof(account) = 'text'),"
    "  what TEXT NOT NULL CHECK (typeof(what) = 'text'),"
    "  at INTEGER NOT NULL CHECK (typeof(at) = 'integer'),"
    "  source TEXT NOT NULL CHECK (typeof(source) = 'text'),"
    "  warned INTEGER NOT NULL CHECK (typeof(warned) = 'integer'),"
    "  mailed INTEGER NOT NULL CHECK (typeof(mailed) = 'integer'),"
    "  PRIMARY KEY (account, what)"
    ") WITHOUT ROWID;"
    "PRAGMA user_version = 2;";
