/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_NOTICE_RIG_H
#define TESTS_UNIT_NOTICE_RIG_H

#include "tests/unit/settle_rig.h"

/* What the tests of notices share; each asserts that it succeeds. */

/* A try of a message that the server refuses for every recipient. */
void notice_reject_all(struct office *o, uint64_t id);

/* The text of the newest message, the last notice made; for free(). */
char *notice_newest(struct office *o);

void notice_holds(const char *text, const char *part);
void notice_lacks(const char *text, const char *part);

#endif
