/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_MERGE_PRIV_H
#define QUEUE_MERGE_PRIV_H

#include "common/strlist.h"
#include "queue/merge.h"

/*
 * What the two files that merge share: merge.c finds the notices and ends them,
 * merge_write.c makes the report.
 */
struct member {
	struct store_message msg;
	struct store_rcpt *rcpts;
	size_t nrcpts;
	bool is_late;
	char *note;
};

/* The notices of one reader that are merged now. */
struct group {
	struct strlist readers;
	char *key;
	struct member v[MERGE_NOTICES];
	size_t n;
	uint64_t octets;
	bool is_late, is_full;
};

/* Queues the report of a group of at least one; fills m->report and octets. */
int merge_write(struct merge *m, const struct group *g, struct err *e);

#endif
