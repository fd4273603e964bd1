/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SPAWN_H
#define COMMON_SPAWN_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/err.h"
#include "common/strlist.h"

/*
 * Starting of programs, by mailchuted's parent and by "mailchute setup": fork
 * and exec, a fresh address space, exactly the descriptors meant for it, an
 * environment made from nothing, and SIGKILL for the child when the parent
 * dies.
 */

/*
 * Starts argv[0] with in on descriptor 0, out on 1, log on 2, and keep[i] on
 * descriptor 3 + i; a descriptor of -1 means /dev/null, or for log the log's
 * own where it has one.
 * Returns the pid, or -1 with *e filled: ERR_LOCAL where the program cannot be
 * run, ERR_TEMP where no process can be made.  The descriptors stay the
 * caller's.
 *
 * is_told_to_stop: the child hears of a stop by its channels, and ignores
 * SIGTERM, SIGINT and SIGHUP.
 *
 * leads_group: it leads a process group of its own, so that it can be killed
 * with all that it starts.
 *
 * drops: it becomes uid and gid before it is anything else.
 */
struct spawn {
	const char *const *argv; /* ends with NULL */
	int in, out, log;
	const int *keep;
	size_t nkeep;
	bool is_told_to_stop;
	bool leads_group;
	bool drops;
	uid_t uid;
	gid_t gid;
};
pid_t spawn_start(const struct spawn *s, struct err *e);

#endif
