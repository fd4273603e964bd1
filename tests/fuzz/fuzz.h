/* SPDX-License-Identifier: ISC */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * A fuzz target: gives p to one parser and aborts when a promise of that
 * parser is broken.  p is allocated with exactly n octets, so that a sanitizer
 * sees a read beyond them.  Returns 0.  Called by replay.c, or by libFuzzer,
 * which fixes the name.
 */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#endif
