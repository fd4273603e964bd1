/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_VALUE_H
#define COMMON_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/conf_table.h"
#include "common/err.h"

/*
 * Values of options, as text and in memory.  base is the struct conf or struct
 * conf_account that holds the option.  Text has no control characters and no
 * blanks at its ends: the reader saw to that.
 */

/*
 * Reads text into the option's place, which must hold nothing yet.  -1 with
 * *e saying what is wrong with it, in words that can stand after a colon; the
 * place is then unchanged.
 */
int conf_value_set(
    const struct conf_option *o, void *base, const char *text, struct err *e);

/*
 * Appends the value as one would write it.  Returns whether there is one: an
 * option that is not set and has no word for that writes nothing.
 */
bool conf_value_put(
    const struct conf_option *o, const void *base, struct buf *b);

/* Frees what the place holds, and makes it empty. */
void conf_value_clear(const struct conf_option *o, void *base);

/* Lists may be continued on indented lines. */
bool conf_value_is_list(const struct conf_option *o);

/* "1d", "90s", "35M": the largest unit that keeps it whole. */
void conf_put_duration(struct buf *b, int64_t seconds);
void conf_put_size(struct buf *b, uint64_t octets);

#endif
