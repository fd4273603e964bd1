/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_WORK_H
#define TESTS_UNIT_WORK_H

/*
 * Counts work instead of time, for tests that show that something is linear.
 * The files under test are compiled once more for such a test: with
 * -fsanitize-coverage=trace-pc the compiler has each basic block counted, and
 * with -include of this header the functions of the C library that go through
 * memory count the octets.  A count is the same on any machine, however busy.
 */

/* This header comes before all others, and they depend on config.h. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Basic blocks and octets since the program was started. */
uint64_t work_done(void);

void *work_memchr(const void *p, int c, size_t n);
int work_memcmp(const void *a, const void *b, size_t n);
void *work_memcpy(void *to, const void *from, size_t n);
void *work_memmove(void *to, const void *from, size_t n);
void *work_memset(void *to, int c, size_t n);
size_t work_strlen(const char *s);
char *work_strchr(const char *s, int c);
char *work_strrchr(const char *s, int c);
size_t work_strspn(const char *s, const char *set);
size_t work_strcspn(const char *s, const char *set);
int work_strcasecmp(const char *a, const char *b);
int work_strncasecmp(const char *a, const char *b, size_t n);
void *work_reallocarray(void *p, size_t n, size_t size);

#ifndef WORK_UNCOUNTED
#undef memchr
#undef memcmp
#undef memcpy
#undef memmove
#undef memset
#undef strlen
#undef strchr
#undef strrchr
#undef strspn
#undef strcspn
#undef strcasecmp
#undef strncasecmp
#define memchr       work_memchr
#define memcmp       work_memcmp
#define memcpy       work_memcpy
#define memmove      work_memmove
#define memset       work_memset
#define strlen       work_strlen
#define strchr       work_strchr
#define strrchr      work_strrchr
#define strspn       work_strspn
#define strcspn      work_strcspn
#define strcasecmp   work_strcasecmp
#define strncasecmp  work_strncasecmp
#define reallocarray work_reallocarray
#endif

#endif
