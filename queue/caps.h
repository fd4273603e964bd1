/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CAPS_H
#define QUEUE_CAPS_H

#include "common/err.h"

/*
 * A service manager may start us as queue.user with the capability to listen
 * on a port below 1024, by a reload as well.  It is the parent's alone: no
 * program that is started from now on gets it, or any other.
 */
int caps_keep(struct err *e);

#endif
