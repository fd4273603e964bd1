/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SECURE_H
#define SMTPD_SECURE_H

#include "smtpd/command.h"
#include "smtpd/reply.h"
#include "smtpd/session.h"

/* What TLS makes of a session's commands (RFC 3207). */

/* The line of EHLO's answer, or "". */
const char *secure_offer(enum session_tls tls);

/* May this be said now?  0, or -1 with *r. */
int secure_lets(enum session_tls tls, enum verb verb, struct reply *r);

/* May STARTTLS with this argument be accepted?  0, or -1 with *r. */
int secure_may_start(
    const struct session *s, const struct span *arg, struct reply *r);

#endif
