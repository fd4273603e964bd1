/* SPDX-License-Identifier: ISC */
/* Encoding and decoding; strict, since only machines write it. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "delivery/base64url.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_";

int
base64url_put(struct buf *b, const void *p, size_t n)
{
	const unsigned char *from = p;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = (bits << 8 | from[i]) & 0xffffff;
		for (have += 8; have >= 6; have -= 6)
			if (buf_putc(b, digits[bits >> (have - 6) & 63]) == -1)
				return -1;
	}
	if (have == 0)
		return 0;
	return buf_putc(b, digits[bits << (6 - have) & 63]);
}

int
base64url_decode(struct buf *b, const char *p, size_t n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	const char *at;
	size_t i;

	if (n % 4 == 1)
		return -1;
	for (i = 0; i < n; i++) {
		if (p[i] == '\0' || (at = strchr(digits, p[i])) == NULL)
			return -1;
		bits = (bits << 6 | (uint32_t)(at - digits)) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (buf_putc(b, (char)(bits >> have & 255)) == -1)
			return -1;
	}
	/* What is left over says nothing, and has one spelling. */
	return (bits & ((1U << have) - 1)) == 0 ? 0 : -1;
}
