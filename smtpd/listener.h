/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_LISTENER_H
#define SMTPD_LISTENER_H

#include "common/sandbox.h"

/*
 * One client of a listener, which mailchuted has accepted and handed to us
 * with a channel (common/proto_listen.h).  Sandboxed before its first octet is
 * read, by what was made for that or, where that is NULL, by what it makes.
 * Returns the exit status.
 */
int listener_run(const struct sandbox_made *made);

#endif
