/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_REPORT_H
#define SENDMAIL_REPORT_H

#include <stdbool.h>

#include "common/handover.h"
#include "common/strlist.h"

/*
 * What the program has to say.  Nothing when all is well: some callers take
 * any output for a failure, and others throw all of it away, so that errors go
 * to the system log as well.  The log is opened with its first line.
 */
struct report {
	char ident[33];      /* in the log: -L, or "sendmail" */
	bool is_quiet;       /* nothing on stderr */
	bool is_verbose;     /* what became of the message, on a terminal */
	const char *program; /* on stderr: "sendmail", or what is set */
};

void report_init(struct report *r, const char *tag, bool is_quiet);

/* "PROGRAM: TEXT" on stderr, and in the log. */
void report_error(const struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * With -v, and only where stderr is a terminal: programs that pass -v take any
 * output for a failure.
 */
void report_progress(const struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* In the log alone, at a priority of syslog(3). */
void report_note(const struct report *r, int priority, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of each. */
void report_remarks(
    const struct report *r, int priority, const struct strlist *remarks);

/* A message was handed over: progress, and a note where no daemon took it. */
void report_handed(const struct report *r, const struct route *to,
    const struct handed *handed);

#endif
