/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PASSHASH_H
#define COMMON_PASSHASH_H

#include <stdbool.h>

#include "common/err.h"

/*
 * Hashes of passwords, by crypt(3).  What was computed with a password is
 * wiped before either function returns; the password is the caller's to wipe.
 */
#define PASSHASH_MAX 512

/* Of yescrypt, or sha512crypt where libcrypt lacks it; -1 with *e filled. */
int passhash_make(const char *password, char out[PASSHASH_MAX], struct err *e);

/*
 * Is it the password of that hash?  The comparison takes as long whatever
 * differs.  -1 with *e filled: crypt(3) does not know that hash.
 */
int passhash_check(
    const char *password, const char *known, bool *is_right, struct err *e);

/*
 * Somebody's hash in a file without any: what an unknown login is compared
 * with, so that it takes as long as a known one.
 */
const char *passhash_nobody(void);

#endif
