/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"

/*
 * What a program that reads foreign bytes is still allowed to do.  configure
 * picks the file behind this header: sandbox_linux.c, or sandbox_none.c where
 * we know of no such means.
 *
 * SANDBOX_DELIVER: talks over the descriptors it holds.  No exec, no fork, no
 * new socket, no file but those below its paths, to read.
 *
 * SANDBOX_TOKEN: the same as SANDBOX_DELIVER, but that it may replace files in
 * a folder that it holds, which is its one path; it opens none.
 *
 * SANDBOX_QUEUE: the database, the local sockets and the drop folder.  No
 * exec, no fork, no network; files below its paths only.
 *
 * In mode strict a forbidden call fails (opening a file or a socket: EACCES)
 * or kills the process (exec, fork, and whatever no program of ours has a
 * reason to call).  In mode log the kernel logs what strict would have
 * forbidden; in mode off nothing is done but the limits and no_new_privs.
 */

enum sandbox_profile {
	SANDBOX_DELIVER,
	SANDBOX_TOKEN,
	SANDBOX_QUEUE
};

/* Rights for a file, or for a folder and all below it. */
#define SANDBOX_READ  1U
#define SANDBOX_WRITE 2U /* write, make, rename, remove; includes reading */

struct sandbox_path {
	const char *path;
	unsigned rights;
};

/*
 * Enters the sandbox, for good.  told gets a text for the log that says what
 * is in force.  A path that is missing stays closed, also when it comes later.
 * -1 with *e filled (ERR_LOCAL) when the kernel refused what it should know;
 * the process must then end.
 */
#define SANDBOX_TOLD_MAX 128
int sandbox_enter(enum sandbox_profile profile, enum sandbox_mode mode,
    const struct sandbox_path *paths, size_t npaths,
    char told[SANDBOX_TOLD_MAX], struct err *e);

/*
 * What takes the longest of SANDBOX_DELIVER in mode strict without a path, made
 * beforehand, for copies of this process that enter that, and no other.  NULL:
 * they enter it by sandbox_enter.
 */
struct sandbox_made;
struct sandbox_made *sandbox_make(void);
void sandbox_unmake(struct sandbox_made *m);
int sandbox_enter_made(
    const struct sandbox_made *m, char told[SANDBOX_TOLD_MAX], struct err *e);

/*
 * Will files below the given paths still open in SANDBOX_DELIVER?  Not where
 * the kernel cannot tell one path from another: all are closed then.
 */
bool sandbox_keeps_paths(enum sandbox_mode mode);

/*
 * Does connect(2) do nothing in SANDBOX_TOKEN?  It then says EINPROGRESS: some
 * versions of libcurl (7.87 to 8.0) call it for a socket that they were told is
 * connected, and are content with that, since the socket can be written to.
 */
bool sandbox_forbids_connect(enum sandbox_mode mode);

/* No core, no ptrace by the user's other processes; for any of our programs. */
void sandbox_hide_memory(void);

#endif
