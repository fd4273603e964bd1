/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_AWAIT_H
#define SMTPD_AWAIT_H

#include <stdint.h>

/*
 * Waits for a client: until its descriptor is ready for these events of poll,
 * or nobody can tell whether it is.  -1 with errno: ETIMEDOUT at the monotonic
 * deadline, or ECANCELED when the channel to mailchuted has been closed, whose
 * descriptor *channel is; NULL, or -1 in it: there is none.
 */
int await(int fd, short events, const int *channel, int64_t deadline_ms);

#endif
