/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_HOSTS_H
#define QUEUE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/strlist.h"

/*
 * The hosts of an account's list, each with a back-off of its own: which one
 * is next, and whether there is any left that is not known to fail.  Kept in
 * memory: a new daemon tries all in order again, as an administrator expects.
 * Pure as queue/schedule.h: clock and dice are arguments.
 */
struct hosts {
	size_t n;
	struct hosts_one *v;
};

void hosts_init(struct hosts *h, size_t n);
void hosts_clear(struct hosts *h);

/*
 * The first of the list that does not back off; when all do, the one whose
 * back-off ends first.
 */
size_t hosts_first(const struct hosts *h, int64_t now);

struct hosts_failure {
	int64_t now;
	int64_t min_s, max_s; /* account.backoff_min, backoff_max */
	int64_t wait_s;       /* the least, as the server said; 0: none */
	uint32_t rnd;
	const char *text; /* names the host; "" when another's text does */
};

/*
 * Host i failed.  While it backs off a further failure changes nothing:
 * connections that fail side by side are one.  True when it counted.
 */
bool hosts_failed(struct hosts *h, size_t i, const struct hosts_failure *f);

/* Does host i back off? */
bool hosts_waits(const struct hosts *h, size_t i, int64_t now);

/* It took a message, or refused or put one off for itself. */
void hosts_succeeded(struct hosts *h, size_t i);

/* All are taken for well until they prove otherwise. */
void hosts_forget(struct hosts *h);

/* Has each failed since it last judged a message? */
bool hosts_all_failing(const struct hosts *h);

/* What those that fail said last, one after the other. */
void hosts_tell(const struct hosts *h, char out[ERR_TEXT_MAX]);

/* The clock was set. */
void hosts_move_times(struct hosts *h, int64_t by_s);

#endif
