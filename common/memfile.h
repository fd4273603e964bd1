/* SPDX-License-Identifier: ISC */
#ifndef COMMON_MEMFILE_H
#define COMMON_MEMFILE_H

#include <stdbool.h>

#include "common/err.h"

/*
 * A file that lies in memory and has no name: for an access token, which never
 * touches the disk.  configure picks the file behind this header:
 * memfile_linux.c, or memfile_posix.c where there is no memfd_create(2).
 */

/* A descriptor, close-on-exec, of an empty one; or -1. */
int memfile_new(const char *name, struct err *e);

/* From now on nobody changes it, whoever holds a descriptor; 0 or -1. */
int memfile_seal(int fd, struct err *e);

/* Was it sealed?  Always where there are no seals. */
bool memfile_is_sealed(int fd);

#endif
