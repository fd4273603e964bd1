/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LEGACY_STORE_H
#define QUEUE_LEGACY_STORE_H

#include "common/err.h"
#include "queue/legacy.h"

struct store;

/* The fact "legacy ACCOUNT": what queue/legacy.h keeps of it. */
int legacy_load(
    struct legacy *l, struct store *s, const char *account, struct err *e);
int legacy_save(const struct legacy *l, struct store *s, const char *account,
    struct err *e);

#endif
