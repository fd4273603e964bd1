/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LIMITS_H
#define QUEUE_LIMITS_H

#include <stdint.h>

#include "common/err.h"

/*
 * How much of the queue each submitter (queue/submitter.h) fills, so that none
 * can fill it for the others (queue.uid_messages, queue.uid_bytes).  Counted in
 * memory: loaded from the store at start, kept in step by whoever adds and
 * deletes messages. Root has no limit, but is counted.
 */
struct limits;

struct limits *limits_new(uint64_t uid_messages, uint64_t uid_bytes);
void limits_free(struct limits *l); /* NULL is fine */
void limits_change(struct limits *l, uint64_t uid_messages, uint64_t uid_bytes);

void limits_add(
    struct limits *l, uint64_t who, uint64_t messages, uint64_t octets);
void limits_remove(
    struct limits *l, uint64_t who, uint64_t messages, uint64_t octets);

/* limits_add for store_usage_each; arg is the struct limits. */
void limits_load(void *arg, uint64_t who, uint64_t messages, uint64_t octets);

/* May he add one message of so many octets?  0, or -1 with ERR_TEMP. */
int limits_check(
    const struct limits *l, uint64_t who, uint64_t octets, struct err *e);

#endif
