/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FILESOURCE_H
#define QUEUE_FILESOURCE_H

#include "common/err.h"

/* Files of the administrator's that the parent opens for the queue process. */
enum filesource {
	FILESOURCE_ALIASES, /* whoever may write it decides where mail goes */
	FILESOURCE_INCLUDE  /* of root's, or of ours: an :include: file */
};

/* A descriptor, or -1 with *e filled. */
int filesource_open(const char *path, enum filesource kind, struct err *e);

#endif
