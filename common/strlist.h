/* SPDX-License-Identifier: ISC */
#ifndef COMMON_STRLIST_H
#define COMMON_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

/* A list of strings that it owns.  All zero is an empty one. */
struct strlist {
	char **v;
	size_t n;
};

void strlist_add(struct strlist *l, const char *s); /* copies */
void strlist_clear(struct strlist *l);
bool strlist_has(const struct strlist *l, const char *s); /* case ignored */

#endif
