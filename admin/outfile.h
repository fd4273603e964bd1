/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_OUTFILE_H
#define ADMIN_OUTFILE_H

#include <stddef.h>

#include "common/err.h"

/*
 * A file of that name with these octets and mode 0644, in place of one that may
 * be there: whoever reads it finds the old or the new one, and no part of
 * either.  Until then it lies beside it, under a name that ends otherwise.
 */
int outfile_write(const char *path, const char *p, size_t n, struct err *e);

#endif
