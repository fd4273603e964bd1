/* SPDX-License-Identifier: ISC */
/* Texts of a kind, and the work for them. */
#define WORK_UNCOUNTED
#include "config.h"

#include <stdint.h>
#include <stdio.h>

#include "tests/unit/shape.h"
#include "tests/unit/work.h"

#define OCTETS   (64 * 1024)
#define TEXT_MAX (4 * OCTETS)

/* Twice the octets, and what is paid once; quadratic work would be 4. */
#define RATIO_MAX 2.3

void
shape_put_part(struct buf *b, const char *part, size_t number)
{
	for (; *part != '\0'; part++) {
		if (*part == '#')
			buf_printf(b, "%zu", number);
		else
			buf_putc(b, *part);
	}
}

static uint64_t
work_of(const struct shape *s, size_t octets, shape_fn *run)
{
	struct buf text;
	uint64_t before;
	size_t n;

	buf_init(&text, TEXT_MAX);
	buf_puts(&text, s->before);
	/* Numbers of as many digits, whatever the octets. */
	for (n = 100000; text.len < octets; n++)
		shape_put_part(&text, s->part, n);
	buf_puts(&text, s->after);
	before = work_done();
	run(&text, s);
	buf_clear(&text);
	return work_done() - before;
}

bool
shape_is_linear(const struct shape *s, shape_fn *run)
{
	uint64_t once = work_of(s, OCTETS, run);
	uint64_t twice = work_of(s, 2 * OCTETS, run);

	if ((double)twice <= RATIO_MAX * (double)once)
		return true;
	printf("# %s: %llu, and of twice as many octets %llu\n", s->name,
	    (unsigned long long)once, (unsigned long long)twice);
	return false;
}
