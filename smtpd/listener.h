/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_LISTENER_H
#define SMTPD_LISTENER_H

/*
 * One client of a listener, which mailchuted has accepted and handed to us
 * with a channel (common/proto_listen.h).  Sandboxed before its first octet is
 * read.  Returns the exit status.
 */
int listener_run(void);

#endif
