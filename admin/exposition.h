/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_EXPOSITION_H
#define ADMIN_EXPOSITION_H

#include <stdint.h>
#include <stdio.h>

#include "common/strlist.h"

/*
 * Prometheus' text exposition format, version 0.0.4: families of samples, each
 * with its HELP and TYPE in front, and no sample twice, which would make the
 * whole text worthless to its reader.
 */
enum exposition_type {
	EXPOSITION_GAUGE,
	EXPOSITION_COUNTER
};

struct exposition {
	FILE *to;
	const char *name, *help; /* of the family that was begun */
	enum exposition_type type;
	struct strlist seen; /* its samples' labels */
};

void exposition_init(struct exposition *x, FILE *to);
void exposition_clear(struct exposition *x);

/*
 * A family; without a sample nothing is written of it.  The strings live until
 * the next one; help is one line of ASCII, without a backslash.
 */
void exposition_begin(struct exposition *x, const char *name,
    enum exposition_type type, const char *help);

/*
 * A sample.  labels are pairs of name and value, with NULL behind the last.
 * What is no UTF-8 in a value, or would steer a terminal, becomes U+FFFD.
 */
typedef const char *const exposition_labels[];
void exposition_number(
    struct exposition *x, exposition_labels labels, uint64_t v);

/* An instant; where there is none (0) it is NaN, which no rule compares true */
void exposition_time(
    struct exposition *x, exposition_labels labels, int64_t at);

/* A limit; where there is none (0) it is infinite. */
void exposition_limit(
    struct exposition *x, exposition_labels labels, uint64_t v);

#endif
