/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPAWAY_H
#define QUEUE_DROPAWAY_H

#include <sys/types.h>

#include <limits.h>

#include "common/err.h"
#include "queue/dropfile.h"

/*
 * The way out of the drop folder.  Both do nothing, and succeed, when the name
 * no longer leads to the file that was judged.
 */

/* Its message is committed. */
int dropaway_remove(
    int dir, const char *name, const struct dropfile_id *id, struct err *e);

/*
 * It is no message: renamed to one that begins with DROPAWAY_ASIDE, and never
 * over another that lies aside already.  to: that name; "" when it is gone.
 */
#define DROPAWAY_ASIDE "aside."
int dropaway_aside(int dir, const char *name, const struct dropfile_id *id,
    char to[NAME_MAX + 1], struct err *e);

#endif
