/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SECRET_RULE_H
#define COMMON_SECRET_RULE_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"

/*
 * The files that hold what an account signs in with: mailchuted's parent opens
 * them by these rules, and "mailchute check" tells which it will refuse.
 */

/*
 * The name of the file that the account signs in with, by its auth and not by
 * what else is given; NULL when a command or nothing takes its place.
 */
const char *secret_name(const struct conf_account *a);

/*
 * All files that the account signs in with, or gets its tokens with; their
 * number.  A public one only must not be changed by others: a certificate,
 * which is no secret, or the token of a platform, which sets its mode
 * (Kubernetes gives it to root, for all of a container to read), and has none
 * for long.
 */
#define SECRET_FILES_MAX 4
struct secret_file {
	const char *option, *name;
	bool is_public;
};
size_t secret_files(
    const struct conf_account *a, struct secret_file out[SECRET_FILES_MAX]);

/* Is there a file that can change, and end a hold by that? */
bool secret_is_file(const struct conf_account *a);

/*
 * Where a secret's name leads: relative names lie in $CREDENTIALS_DIRECTORY
 * when that is set, else beside the configuration.  Allocated.
 */
char *secret_path(const struct conf *conf, const char *name);

/*
 * Is the file fit to hold a secret of a daemon of that uid and gid?  0, or -1
 * with *e filled (ERR_LOCAL), whose text ends in ": " and what mends it.
 */
int secret_judge(const struct stat *st, const char *path, uid_t uid, gid_t gid,
    struct err *e);

/* The same for one that others may read, and nobody may change. */
int secret_judge_public(
    const struct stat *st, const char *path, uid_t uid, struct err *e);

#endif
