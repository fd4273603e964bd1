/* SPDX-License-Identifier: ISC */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include <stddef.h>

/*
 * Which known name was meant by one that is not known?  Ask for each candidate
 * in turn; the nearest is in best, NULL when none is near enough to be worth
 * naming (more than a third of its letters differ).
 */
struct nearest {
	const char *word;
	const char *best;
	size_t distance;
};
void nearest_init(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/* Insertions, deletions, changes and swaps of neighbours, case ignored. */
size_t nearest_distance(const char *a, const char *b);

#endif
