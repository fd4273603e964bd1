/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_BACKGROUND_H
#define QUEUE_BACKGROUND_H

#include <stdbool.h>

/*
 * The way into the background.  The first process waits until the daemon
 * takes mail, or has ended, and its exit status says which: a start script
 * sees failures at once, and their text.  In the daemon it returns a
 * descriptor for background_ready.
 */
int background_enter(void);

/* Mail is taken: lets the first process go.  -1 is fine. */
void background_ready(int fd);

/*
 * Lets go of the terminal: 0 to 2 lead where null does, 2 only where asked.
 * null is opened by background_null, which a sandboxed process does in time.
 */
int background_null(void);
void background_leave(int null, bool keep_stderr);

/*
 * Writes this process's id, for people and for init scripts: nothing of ours
 * reads it, so a failure is logged and no more.
 */
void background_write_pid(const char *path);

#endif
