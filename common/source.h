/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include <sys/types.h>

#include <stddef.h>

#include "common/err.h"

/*
 * Where octets come from: standard input, a message being composed from it, a
 * text in a test.
 */
struct source {
	/* Octets, 0 at the end, -1 with *e filled. */
	ssize_t (*read)(void *arg, void *p, size_t n, struct err *e);
	/* Starts over: the same octets again.  -1 when that cannot be. */
	int (*rewind)(void *arg, struct err *e);
	void *arg;
};

#endif
