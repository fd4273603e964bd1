/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_GROUPS_H
#define ADMIN_GROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/proto_ctl.h"

/*
 * Recipients that wait, each under the heading of its cause, in the order in
 * which causes and recipients came.  Many of one cause are its heading with
 * their number, and no rows.  Rows are kept until they are printed, and no more
 * than so many octets of them: of a longer listing each part is grouped by
 * itself, and a million messages take no more memory than a few thousand.
 */
#define GROUPS_LISTED     20 /* rows of one cause */
#define GROUPS_OCTETS_MAX (8 * 1024 * 1024)
#define GROUPS_MAX        256 /* causes at a time */

struct groups;
struct groups *groups_new(FILE *to, int64_t now, size_t octets_max);
void groups_free(struct groups *g);

void groups_add(struct groups *g, const struct ctl_message *m,
    const struct ctl_recipient *r);

/* Prints what is kept; returns how many rows there were in all. */
uint64_t groups_print(struct groups *g);

/* What stands below all of them: the figures of the whole queue. */
void groups_print_totals(
    FILE *to, const struct ctl_totals *t, int64_t now, bool has_rows);

#endif
