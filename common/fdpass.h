/* SPDX-License-Identifier: ISC */
#ifndef COMMON_FDPASS_H
#define COMMON_FDPASS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * Hands one open descriptor to another process over a Unix socket
 * (SCM_RIGHTS), with a short text beside it: "" or, where no descriptor could
 * be had, the reason.  One such message is under way at a time, so a stream
 * socket serves as well as one that keeps records.
 */

#define FDPASS_TEXT_MAX 512 /* with its NUL */

/*
 * Sends fd (-1: none) and text, which is cut to FDPASS_TEXT_MAX.  fd stays the
 * caller's.  deadline_ms is monotonic (common/clock.h).
 */
int fdpass_send(
    int sock, int fd, const char *text, int64_t deadline_ms, struct err *e);

/*
 * Waits for one message.  *fd is close-on-exec and the caller's, or -1 when
 * none came.  -1 with *e filled when the peer is gone, silent, or sent what is
 * no such message; whatever descriptors came with that are closed.
 */
int fdpass_recv(int sock, int *fd, char text[FDPASS_TEXT_MAX],
    int64_t deadline_ms, struct err *e);

#endif
