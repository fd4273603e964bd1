/* SPDX-License-Identifier: ISC */
/*
 * The first line of a drop file.  Anyone may have written it: a number that is
 * no version (a leading zero, more digits than any version will have) makes
 * it no such line.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/drop_line.h"

#define DIGITS_MAX 9

static const char start[] = "mailchute drop ";

int
drop_line_put(struct buf *b, uint64_t version)
{
	char line[DROP_LINE_MAX];

	snprintf(
	    line, sizeof(line), "%s%llu\n", start, (unsigned long long)version);
	return buf_puts(b, line);
}

ssize_t
drop_line_get(const void *p, size_t n, uint64_t *version)
{
	const size_t known = sizeof(start) - 1;
	const char *line = p;
	uint64_t v = 0;
	size_t i;

	if (memcmp(line, start, n < known ? n : known) != 0)
		return -1;
	for (i = known; i < n && line[i] >= '0' && line[i] <= '9'; i++) {
		if (i == known + DIGITS_MAX || (v == 0 && i > known))
			return -1;
		v = v * 10 + (uint64_t)(line[i] - '0');
	}
	if (i >= n)
		return 0;
	if (i == known || line[i] != '\n')
		return -1;
	*version = v;
	return (ssize_t)i + 1;
}
