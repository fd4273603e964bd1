/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_DIALOGUE_H
#define SMTPD_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * The dialogue of one session in the log (listen.log_dialogue): commands and
 * replies as they were, never the text of a message, and nothing that may be a
 * secret: what stands behind AUTH, what is said when 334 asks, and, once
 * somebody has tried to sign in or to send a text, whatever is no command.
 */
#define DIALOGUE_LINES 200 /* of one session */

struct dialogue {
	const char *listener, *client;
	unsigned lines;
	bool is_asked;   /* 334 was answered last */
	bool is_guarded; /* AUTH, in whatever it was, DATA or BDAT was said */
	size_t noted;    /* octets of the replies that wait to leave */
};

/* A line from the client; out: replies that have not left. */
void dialogue_command(
    struct dialogue *d, const struct buf *out, const char *p, size_t n);
void dialogue_long_line(struct dialogue *d, const struct buf *out);

/* Before the replies leave. */
void dialogue_flush(struct dialogue *d, const struct buf *out);

#endif
