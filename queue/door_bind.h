/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_BIND_H
#define QUEUE_DOOR_BIND_H

#include "common/conf.h"
#include "common/err.h"

/*
 * The socket of a listener: non-blocking, close-on-exec, and for one family
 * alone.  -1 with *e filled, and errno: EACCES where it takes more rights than
 * we have.
 */
int door_bind(const struct conf_listen *l, struct err *e);

#endif
