/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DOOR_SHUT_H
#define QUEUE_DOOR_SHUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The listeners whose sockets could not be had, by name: why, and since when,
 * over all reloads that change nothing in it.
 */
struct door_shut {
	char *name;
	int64_t since; /* wall clock */
	int why;       /* errno, or 0 */
	bool is_final; /* it takes rights that were given up */
	char text[ERR_TEXT_MAX];
	bool is_old; /* nobody has tried again yet */
};

/* All zero is none. */
struct door_shuts {
	struct door_shut *v;
	size_t n;
};

/* Sockets are tried from here on, and were up to there. */
void door_shuts_begin(struct door_shuts *s);
void door_shuts_note(struct door_shuts *s, const char *name, int64_t now,
    int why, const char *text);
void door_shuts_end(struct door_shuts *s);

/* It has the reason that it has, and does not open by itself any more. */
void door_shuts_give_up(struct door_shuts *s, const char *name);

/* It is open. */
void door_shuts_drop(struct door_shuts *s, const char *name);

/* NULL: it is open, or nobody has tried. */
const struct door_shut *door_shuts_find(
    const struct door_shuts *s, const char *name);
void door_shuts_clear(struct door_shuts *s);

#endif
