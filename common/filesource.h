/* SPDX-License-Identifier: ISC */
#ifndef COMMON_FILESOURCE_H
#define COMMON_FILESOURCE_H

#include <sys/types.h>

#include <stddef.h>

#include "common/err.h"

/*
 * Files of the administrator's that say where mail goes.  mailchuted's parent
 * opens them for the queue process; newaliases, to tell which it will refuse.
 */
enum filesource {
	FILESOURCE_ALIASES, /* whoever may write it decides where mail goes */
	FILESOURCE_INCLUDE  /* an :include: file: of root's, or of queue.user */
};

/* A descriptor, or -1 with *e filled.  user is the uid of queue.user. */
int filesource_open(
    const char *path, enum filesource kind, uid_t user, struct err *e);

/*
 * All of an open file, which is closed: 0 with *text allocated; -1 with *e
 * filled, whose text goes on behind the file's name.
 */
#define FILESOURCE_MAX (1024 * 1024)
int filesource_read(int fd, char **text, size_t *n, struct err *e);

#endif
