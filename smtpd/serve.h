/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SERVE_H
#define SMTPD_SERVE_H

#include "smtpd/conn.h"
#include "smtpd/service.h"

/*
 * One client from the greeting to its end, message after message.  Returns the
 * exit status: 0 when the client has said QUIT or closed, 66 when it cannot be
 * read, 69 when mailchuted does not answer any more, 74 when it cannot be
 * written to, 75 when it was silent for too long, 76 when it did not speak
 * SMTP.
 */
int serve(const struct io *io, const struct service *service);

#endif
