/* SPDX-License-Identifier: ISC */
#ifndef COMMON_XALLOC_H
#define COMMON_XALLOC_H

#include <stddef.h>

/*
 * Memory, or the end of the process.  Being out of memory is fatal everywhere:
 * every input is capped before it is allocated, and every change of the queue
 * is a committed transaction, so dying loses no mail.
 */
void *xcalloc(size_t n, size_t size);
void *xmalloc(size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

/* Gives memory that is free again back to the system, where libc can do that.
 */
void xalloc_trim(void);

/* The formatted text, allocated; for the caller to free. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
