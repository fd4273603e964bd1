/* SPDX-License-Identifier: ISC */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * One line an event, "key=value key=value".  A value is quoted when it is
 * empty or holds a blank, a quote, "=" or a backslash; control characters,
 * DEL and bytes that are not UTF-8 leave as \xNN, so that a line never breaks
 * and never steers a terminal.  Secrets are not given to it.
 *
 *	log_event(LOG_INFO, "delivered", "id", id, "rcpt", addr, NULL);
 *
 * logs  event=delivered id=0192... rcpt=bob@example.com
 */

enum log_target {
	LOG_TO_SYSLOG,
	LOG_TO_STDERR,
	LOG_TO_FILE
};

/*
 * Sets where lines go.  ident is the program's name; level is a priority of
 * syslog(3), and lines below it are dropped.  file is used by LOG_TO_FILE
 * alone, and opened anew when it was open before.  Returns 0, or -1 with errno
 * set when the file cannot be opened; then the target stays what it was.
 */
int log_open(
    const char *ident, enum log_target target, const char *file, int level);

/* The descriptor that lines go to, or -1 for syslog; for spawned children. */
int log_fd(void);

/* The file was opened anew by somebody else: fd is the log's from now on. */
void log_take_file(int fd);

/* Takes lines to an open descriptor, which stays the caller's. */
void log_open_fd(const char *ident, int fd, int level);

/*
 * Pairs of key and value, ended by NULL.  A NULL value leaves its pair out.
 */
void log_event(int priority, const char *event, ...) __attribute__((sentinel));

/*
 * A line built piece by piece: log_begin, then keys, then log_end.  The line
 * lies in b, made by buf_init(b, LOG_LINE_MAX); what passes the cap is left
 * out.
 */
#define LOG_LINE_MAX 8192
void log_begin(struct buf *b, const char *event);
void log_str(struct buf *b, const char *key, const char *value);
void log_num(struct buf *b, const char *key, int64_t value);
void log_end(struct buf *b, int priority);

/* One free sentence, as event=EVENT text="...". */
void log_text(int priority, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * For main programs at start: the text goes to stderr and to the log, and the
 * process ends with the status.
 */
void fatalx(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Appends s to b with controls and non-UTF-8 bytes escaped, quotes too. */
void log_escape(struct buf *b, const char *s);

#endif
