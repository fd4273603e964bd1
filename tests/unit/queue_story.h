/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_QUEUE_STORY_H
#define TESTS_UNIT_QUEUE_STORY_H

#include "tests/unit/queue_fixture.h"

/*
 * A piece of a queue's life with all that writes to its file: messages small
 * and large, taken in alone and in groups, in one transaction and in several,
 * sent, put off, delivered and removed; checkpoints, stops and starts.  It is
 * told until the first failure, as the daemon would end there; and then the
 * queue can be asked whether it kept what was acknowledged.
 *
 * Moments are whatever "now" returns: for a test of power cuts, how many
 * operations the disk has seen.
 */
#define STORY_MAX   64
#define STORY_NEVER SIZE_MAX

struct story_message {
	uint64_t id;
	size_t octets, recipients;
	size_t sure_at; /* when its commit was acknowledged */
	size_t gone_at; /* when it was first asked to go */
};

struct story {
	size_t (*now)(void); /* NULL: always 0 */
	struct story_message v[STORY_MAX];
	size_t n;
};

/* 0 when it was told to its end, -1 when something failed. */
int story_tell(struct story *t, const char *directory);

/*
 * Opens the queue in the directory as it lies there, and looks whether all is
 * there that was sure by the moment, what was not sure is there whole or not at
 * all, and nothing else is.  False, with the reason printed, when not.
 */
bool story_holds(const struct story *t, const char *directory, size_t moment);

#endif
