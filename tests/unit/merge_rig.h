/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_MERGE_RIG_H
#define TESTS_UNIT_MERGE_RIG_H

#include "queue/merge.h"
#include "tests/unit/notice_rig.h"

/* What the tests of merging share; each function asserts that it succeeds. */

/* Of a notice of merge_notice, as office_list shows it. */
#define MERGE_NOTICE "bounce <> to sender@example.com queued"

/* A notice about mail that was refused, as the rest of the queue makes it. */
uint64_t merge_notice_of(struct office *o, struct office_mail mail);
uint64_t merge_notice(struct office *o);

/* Work to be done; and doing it: how many notices became a report. */
struct merge merge_begin(struct office *o, uint64_t first);
size_t merge_now(struct office *o, uint64_t first);

/* What SQL says of the queue's file, and what it does to it. */
int64_t merge_ask(struct office *o, const char *sql);
void merge_tamper(struct office *o, const char *sql);

/* The text of a message; for free(). */
char *merge_text(struct office *o, uint64_t id);

#endif
