/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_EDIT_H
#define COMMON_CONF_EDIT_H

#include <stddef.h>

#include "common/buf.h"

/*
 * A configuration's text, in which single options are changed.  All else stays
 * as its author has written it, to the octet: comments, order, blanks, other
 * options, the ends of lines.  Lines are read as common/conf_read.c reads them:
 * what that takes without an error means the same after an edit, but for the
 * options that were edited.
 *
 * A section is named as in the file, without brackets: "local", "account",
 * "account NAME".
 */
struct conf_edit;

struct conf_edit *conf_edit_new(const char *text, size_t n);
void conf_edit_free(struct conf_edit *x);

/* Its value, a list's in one line; allocated, or NULL: it is not given. */
char *conf_edit_get(
    const struct conf_edit *x, const char *section, const char *option);

/*
 * Gives it that value: where it stands, else behind the last option of its
 * section, else in a new section at the end.  -1 when the value cannot be
 * written: it is empty, has blanks at an end, or a control character.
 */
int conf_edit_set(struct conf_edit *x, const char *section, const char *option,
    const char *value);

/* Takes it out, with the lines that go on with it. */
void conf_edit_remove(
    struct conf_edit *x, const char *section, const char *option);

/* Appends the text as it is now; -1 beyond the buffer's cap. */
int conf_edit_put(const struct conf_edit *x, struct buf *b);

#endif
