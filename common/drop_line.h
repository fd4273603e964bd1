/* SPDX-License-Identifier: ISC */
#ifndef COMMON_DROP_LINE_H
#define COMMON_DROP_LINE_H

#include <sys/types.h>

#include <stdint.h>

#include "common/buf.h"

/*
 * The first line of a drop file: "mailchute drop", and the version of the
 * submission contract that its frames are of (common/proto_submit.h).  No
 * version changes this line, so that any daemon can tell what it does not
 * know yet from what it never will.
 */

#define DROP_LINE_MAX 32

int drop_line_put(struct buf *b, uint64_t version);

/*
 * The line at the front of n octets: how long it is with its newline, and
 * *version; 0 when these octets may become one; -1 when they never will.
 */
ssize_t drop_line_get(const void *p, size_t n, uint64_t *version);

#endif
