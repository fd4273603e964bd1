/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TRIAL_H
#define QUEUE_TRIAL_H

#include <stdint.h>

#include "queue/dispatch.h"

/*
 * Whether the system would let TLS 1.0 come about, which only deliver can say:
 * one is started, for that account's configuration, and connects to nobody.
 */
struct trial;

struct trial *trial_start(const struct dispatch_parts *parts, uint32_t account);
void trial_free(struct trial *t); /* NULL is fine */

/* What refuses it; NULL: nothing does, or it is not known yet. */
const char *trial_forbidden(const struct trial *t);

#endif
