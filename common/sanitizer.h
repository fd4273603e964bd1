/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SANITIZER_H
#define COMMON_SANITIZER_H

/*
 * Is this a build for tests, by configure --enable-sanitizers?  What the
 * sanitizers need themselves is then allowed to our programs: terabytes of
 * address space, a process that looks for leaks, files for their reports.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* What of the environment steers them, as the start of a list of names. */
#if SANITIZED
#define SANITIZER_VARIABLES "ASAN_OPTIONS", "UBSAN_OPTIONS",
#else
#define SANITIZER_VARIABLES
#endif

#endif
