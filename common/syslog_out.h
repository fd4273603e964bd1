/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SYSLOG_OUT_H
#define COMMON_SYSLOG_OUT_H

#include <stdbool.h>

/*
 * Lines to the system log, in the form of syslog(3), which would wait for a
 * logger that hangs for as long as that hangs: no log may stop mail.  This one
 * waits for a second, once; until the logger takes a line again each that it
 * does not take at once is lost, and then it is told how many were.
 */
struct syslog_out {
	int fd;         /* -1: nobody listens, or not yet */
	bool is_stream; /* a line ends in NUL */
	bool is_hung;   /* it is waited for no more */
	unsigned long lost;
};
#define SYSLOG_OUT_NONE \
	{ \
		.fd = -1 \
	}

/*
 * Connects to the socket at path, and does so again when its logger was started
 * anew.  Before a sandbox, which may forbid it; none there is no error.
 */
void syslog_out_open(struct syslog_out *s, const char *path);

/* priority is a level of syslog(3), of the facility mail. */
void syslog_out_line(struct syslog_out *s, const char *path, const char *ident,
    int priority, const char *line);

#endif
