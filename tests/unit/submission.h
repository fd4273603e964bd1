/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_SUBMISSION_H
#define TESTS_UNIT_SUBMISSION_H

#include <stdbool.h>

#include "common/buf.h"

/*
 * Appends a submission with a body of so many octets (a multiple of 64), in
 * frames as sendmail makes them, with its end or without.  The number is its
 * id.
 */
#define SUBMISSION_MAX (8 * 1024 * 1024) /* b's cap */
void submission_put(
    struct buf *b, uint8_t number, size_t octets, bool with_end);

#endif
