/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_SHAPE_H
#define TESTS_UNIT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Texts of any length that are all of one kind, and whether the work for one of
 * twice the length is twice the work.
 */
struct shape {
	const char *name, *before;
	const char *part; /* again and again; # is a running number */
	const char *after;
	size_t piece; /* octets that a read gives */
};

/* Appends a part, with # as that number. */
void shape_put_part(struct buf *b, const char *part, size_t number);

/*
 * Counts what run does with such a text, by tests/unit/work.h.  False, and a
 * line of output, where it is not linear.
 */
typedef void shape_fn(const struct buf *text, const struct shape *s);
bool shape_is_linear(const struct shape *s, shape_fn *run);

#endif
