/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ROOM_H
#define QUEUE_ROOM_H

#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

struct store;

/*
 * Is there room for mail, by queue.free_space_min and so many octets more?
 * Asked for each submission, and for each part of a large one.  0, or -1:
 * ERR_TEMP, status 4.3.1.
 */
int room_check(
    const struct conf_queue *q, struct store *s, uint64_t more, struct err *e);

#endif
