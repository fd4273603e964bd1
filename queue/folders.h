/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FOLDERS_H
#define QUEUE_FOLDERS_H

#include <sys/stat.h>

#include <stdbool.h>

#include "common/conf.h"

/*
 * The daemon's folders while it runs.  It holds them open, and its sandbox
 * admits those alone: one that was made anew under the old name is another
 * folder, whose mail and whose clients it would never see.
 */
enum {
	FOLDER_QUEUE,
	FOLDER_SOCKETS,
	FOLDER_DROPS,
	FOLDERS
};

struct folders {
	struct folder {
		const char *option, *path;
		const char *meanwhile; /* what its loss means */
		dev_t dev;
		ino_t ino;
		bool is_gone; /* which was told */
	} v[FOLDERS];
};

/* Remembers them as they are now; conf outlives f. */
void folders_note(struct folders *f, const struct conf *conf);

/*
 * Looks at each: one that is gone is logged, once, and so is its return.
 * False when another lies in the place of one: only a new process can use it.
 */
bool folders_look(struct folders *f);

#endif
