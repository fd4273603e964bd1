/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SESSION_TEXT_H
#define SMTPD_SESSION_TEXT_H

#include "smtpd/command.h"
#include "smtpd/session.h"

/*
 * The part of a session that is the beginning of a text, by DATA or by BDAT;
 * session.c alone calls it.  0, or -1 with *r filled; out is not written to.
 */
int session_data(struct session *s, const struct command *c, struct buf *out,
    struct reply *r);
int session_bdat(struct session *s, const struct command *c, struct buf *out,
    struct reply *r);

/* May what belongs to no text come now? */
int session_check_text(const struct session *s, struct reply *r);

/* What comes behind a line, or the beginning of one, that was no command. */
enum session_next session_behind_none(const char *line, size_t n);

#endif
