/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a hash for tables whose keys
 * strangers choose.  Who does not know the key cannot make them collide.
 */
#define SIPHASH_KEY 16

uint64_t siphash(const uint8_t key[SIPHASH_KEY], const void *p, size_t n);

#endif
