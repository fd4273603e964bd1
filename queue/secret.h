/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SECRET_H
#define QUEUE_SECRET_H

#include "common/conf.h"
#include "common/err.h"
#include "common/secret_rule.h"
#include "queue/ask.h"

/*
 * The files that hold what an account signs in with.  The parent opens them
 * as queue.user, judges owner and mode, and hands the descriptor on; it never
 * reads them.
 */

/*
 * Opens the file: a descriptor, or -1 with *e filled (ERR_LOCAL, with the
 * chown and chmod that mend it).  Refused: not a regular file; not owned by
 * root or by this user; any bit for others; bits for a group that is not this
 * process's, outside $CREDENTIALS_DIRECTORY.
 */
int secret_open(const struct conf *conf, const char *name, struct err *e);

/* The same for a file that is no secret, and that nobody else may change. */
int secret_open_public(
    const struct conf *conf, const char *name, struct err *e);

/* What the file looks like now, to see that it was changed. */
int secret_stamp(const struct conf *conf, const char *name,
    struct ask_stamp *st, struct err *e);

/*
 * What all files look like that the account signs in with, its refresh token's
 * among them: another stamp whenever one of them changes.
 */
int secret_stamp_all(const struct conf *conf, const struct conf_account *a,
    struct ask_stamp *st, struct err *e);

#endif
