/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WHOSE_H
#define QUEUE_WHOSE_H

#include <stdint.h>

struct store;

/*
 * A submitter (queue/submitter.h) for people: "user id 1000", or "device
 * 192.0.2.7 of listener office", with its login where that is what counts.  The
 * caller frees it.  For few of them: the table of devices is walked through.
 */
char *whose_words(struct store *s, uint64_t who);

#endif
