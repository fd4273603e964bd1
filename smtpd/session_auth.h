/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SESSION_AUTH_H
#define SMTPD_SESSION_AUTH_H

#include "smtpd/command.h"
#include "smtpd/session.h"

/* The part of a session that is AUTH; session.c alone calls it. */

/* The lines of EHLO's answer, if any. */
void session_put_auth(const struct session *s, struct buf *out);

/* May a message begin?  0, or -1 with *r filled. */
int session_check_auth(const struct session *s, struct reply *r);

/* The command, and a line that its dialogue waits for. */
enum session_next session_auth(
    struct session *s, const struct command *c, struct buf *out);
enum session_next session_auth_line(
    struct session *s, const char *p, size_t n, struct buf *out);
enum session_next session_auth_long(struct session *s, struct buf *out);

#endif
