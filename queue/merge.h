/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_MERGE_H
#define QUEUE_MERGE_H

#include "common/conf.h"
#include "queue/store.h"

/*
 * Merging notices: several that wait for one reader become one report, which
 * holds each of them whole (mail/digest.h).  One transaction puts it in their
 * place, so that at any moment each notice is in the queue once.
 *
 * A report is no notice that waits: it is never merged, and what fails of it
 * goes to local.admin once, as of any notice.
 */

/*
 * Exchange takes 250 MIME parts: a report has 3 of its own, each notice up to
 * 5, with the original in it.
 */
#define MERGE_NOTICES 40

/* Octets of the notices in a report, if it holds more than one: as a batch. */
#define MERGE_OCTETS (1024 * 1024)

/*
 * Is it a notice that others may join before it leaves, being late, or when
 * has_stood says that mail could not leave since it was made?  1, 0, -1.
 */
int merge_is_wanted(struct store *s, const struct store_message *m,
    bool has_stood, struct err *e);

struct merge {
	const struct conf *conf;
	struct store *store;
	uint64_t first; /* whose turn it is to leave */
	int64_t now;
	bool (*is_busy)(const void *arg, uint64_t message); /* with a worker */
	const void *arg;
	/* what came of it */
	uint64_t report, octets;
	uid_t uid;
	struct {
		uint64_t id, octets;
	} gone[MERGE_NOTICES];
	size_t ngone; /* 0: nothing to merge, it goes alone */
};

/* Work for a batch: a bounded slice; what waits beyond it is for the next. */
int merge_work(struct merge *m, struct err *e);

/* After the commit: a line for each notice that is gone. */
void merge_log(const struct merge *m);

#endif
