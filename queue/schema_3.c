/* SPDX-License-Identifier: ISC */
/*
 * Version 3 of the schema: devices that send by listeners, and their turns.
 * Files of it exist, so this text stays as it is; what is to be different is
 * version 4.
 */
#include "config.h"

#include "queue/sql.h"

const char sql_schema_3[] =
    "CREATE TABLE device ("
    "  id INTEGER PRIMARY KEY,"
    "  listener TEXT NOT NULL CHECK (typeof(listener) = 'text'),"
    "  client TEXT NOT NULL CHECK (typeof(client) = 'text'),"
    "  login TEXT NOT NULL CHECK (typeof(login) = 'text'),"
    "  name TEXT NOT NULL CHECK (typeof(name) = 'text'),"
    "  tls TEXT NOT NULL CHECK (typeof(tls) = 'text'),"
    "  cipher TEXT NOT NULL CHECK (typeof(cipher) = 'text'),"
    "  is_old INTEGER NOT NULL CHECK (is_old IN (0, 1)),"
    "  old_at INTEGER NOT NULL CHECK (typeof(old_at) = 'integer'),"
    "  first_at INTEGER NOT NULL CHECK (typeof(first_at) = 'integer'),"
    "  last_at INTEGER NOT NULL CHECK (typeof(last_at) = 'integer'),"
    "  messages INTEGER NOT NULL CHECK (typeof(messages) = 'integer'),"
    "  failures INTEGER NOT NULL CHECK (typeof(failures) = 'integer'),"
    "  error_at INTEGER NOT NULL CHECK (typeof(error_at) = 'integer'),"
    "  error TEXT NOT NULL CHECK (typeof(error) = 'text'),"
    "  UNIQUE (listener, client, login)"
    ");"
    "CREATE INDEX device_last ON device (messages > 0, last_at);"

    /* Users in turn, and devices in turn with them. */
    "ALTER TABLE message ADD COLUMN device INTEGER NOT NULL DEFAULT 0"
    "  CHECK (typeof(device) = 'integer' AND device >= 0);"
    "DROP INDEX message_due;"
    "CREATE INDEX message_due"
    "  ON message (account, lane, uid, device, due_at);"
    "PRAGMA user_version = 3;";
