/* SPDX-License-Identifier: ISC */
/*
 * The growable buffer.  Every input of the project passes through one of
 * these, and each has its cap from the start: that is what bounds memory.
 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"

#define BUF_FIRST 256 /* first allocation; doubled from there */

void
buf_init(struct buf *b, size_t max)
{
	assert(max < SIZE_MAX / 2);
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_clear(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_clear(b);
}

const char *
buf_data(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

void *
buf_reserve(struct buf *b, size_t n)
{
	size_t want, cap;
	char *grown;

	if (n > b->max - b->len)
		return NULL;
	want = b->len + n + 1;
	if (want > b->cap) {
		cap = b->cap == 0 ? BUF_FIRST : b->cap;
		while (cap < want)
			cap *= 2;
		/* The octet of the NUL alone is worth no copy of them all. */
		if (cap >= b->max)
			cap = b->max + 1;
		/*
		 * Not realloc: it may leave a copy of a secret behind where
		 * buf_wipe cannot reach it.
		 */
		grown = xmalloc(cap);
		if (b->data != NULL) {
			memcpy(grown, b->data, b->len);
			explicit_bzero(b->data, b->cap);
			free(b->data);
		}
		b->data = grown;
		b->cap = cap;
	}
	return b->data + b->len;
}

void
buf_grew(struct buf *b, size_t n)
{
	assert(n < b->cap - b->len);
	b->len += n;
	b->data[b->len] = '\0';
}

int
buf_append(struct buf *b, const void *p, size_t n)
{
	void *to;

	if ((to = buf_reserve(b, n)) == NULL)
		return -1;
	if (n > 0)
		memcpy(to, p, n);
	buf_grew(b, n);
	return 0;
}

int
buf_puts(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int
buf_putc(struct buf *b, char c)
{
	return buf_append(b, &c, 1);
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (to = buf_reserve(b, (size_t)n)) == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_grew(b, (size_t)n);
	return 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

void
buf_truncate(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

char *
buf_steal(struct buf *b)
{
	char *s = b->data == NULL ? xstrdup("") : b->data;

	b->data = NULL;
	buf_clear(b);
	return s;
}
