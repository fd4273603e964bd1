/* SPDX-License-Identifier: ISC */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Growable bytes with a cap given at birth.
 *
 * Invariants: len <= max; data[len] == '\0' once anything was appended, so
 * that text in it can be used as a string; an append that would pass the cap
 * changes nothing and returns -1.  The struct is the caller's; data is freed
 * by buf_clear.  buf_data of an empty buffer is "".
 */
struct buf {
	char *data;
	size_t len;
	size_t cap; /* allocated, with the NUL */
	size_t max;
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; the cap stays */
void buf_wipe(struct buf *b);  /* overwrites, then frees: for secrets */

const char *buf_data(const struct buf *b);

/* Each returns 0, or -1 when the cap would be passed. */
int buf_append(struct buf *b, const void *p, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Makes room for n more bytes and returns where they go; buf_grew then says
 * how many were written.  NULL when the cap would be passed.
 */
void *buf_reserve(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

/* Drops the first n bytes (n <= len), or all beyond the first len bytes. */
void buf_consume(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t len);

/* The bytes, NUL-terminated, now the caller's to free; *b is empty. */
char *buf_steal(struct buf *b);

#endif
