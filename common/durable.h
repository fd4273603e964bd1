/* SPDX-License-Identifier: ISC */
#ifndef COMMON_DURABLE_H
#define COMMON_DURABLE_H

#include <sys/stat.h>

#include <stddef.h>

/*
 * What whoever puts a file in the place of another needs: it has all its octets
 * and its rights and is on the disk (fsync) before it is renamed, or a crash
 * could leave an empty one there, and so is its name afterwards.  0, or -1 with
 * errno set.
 */

/* Writes n octets, in as many pieces as it takes. */
int durable_write(int fd, const void *p, size_t n);

/* The owner and the mode that the one before had. */
int durable_like(int fd, const struct stat *was);

/* The folder in which path is, with what was renamed there. */
int durable_folder_of(const char *path);

#endif
