/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_CONFINED_RIG_H
#define TESTS_UNIT_CONFINED_RIG_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Attempts of a process that was taken over, in each of the sandboxes.  Each
 * runs in a child that enters one and tries one thing; its client is descriptor
 * 0, 1 and 40, its log is a file, on 2.  The kernel has no Landlock here,
 * which would forbid signals by itself from ABI 6 on.
 */

#define D   1U
#define T   2U
#define Q   4U
#define ALL (D | T | Q)

struct attempt {
	const char *name;
	unsigned who; /* the profiles that it is for */
	int (*try)(void);
	int want;      /* 0, errno, or minus a signal */
	bool is_plain; /* only without sanitizers, which need it themselves */
};

extern pid_t confined_sibling; /* of the same uid, and lives */
extern int confined_log;       /* the same file as descriptor 2 */
extern int confined_client[2]; /* descriptor 0 and 1, and its other end */

/*
 * How many ended otherwise than they should, or did others harm: ended the
 * sibling, or changed the log.  Each of them is told.
 */
int confined_wrong(const struct attempt *attempts, size_t n);

int confined_prepare(void **state);
int confined_leave(void **state);

/* 0, or errno. */
int confined_result(long rc);

#endif
