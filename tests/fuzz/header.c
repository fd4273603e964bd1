/* SPDX-License-Identifier: ISC */
/*
 * A header: its span never depends on how much of the text is there, its
 * fields cover it, and no value that is set makes a second field.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/header.h"

#include "tests/fuzz/fuzz.h"

static void
fields_stay_one(const struct header *h, const char *value)
{
	struct header one = { 0 }, again = { 0 };
	struct buf b;
	size_t i;

	buf_init(&b, HEADER_MAX);
	header_add(&one, "X-Test", value);
	for (i = 0; i < h->n; i++)
		header_add(&one, h->v[i].name, h->v[i].value);
	assert(header_put(&b, &one) == 0);
	header_parse(b.data, b.len, &again);
	assert(again.n == one.n);
	for (i = 0; i < again.n; i++) {
		assert(strcmp(again.v[i].name, one.v[i].name) == 0);
		assert(strcmp(again.v[i].value, one.v[i].value) == 0);
	}
	header_clear(&again);
	header_clear(&one);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p;
	struct header h = { 0 };
	bool has_blank, part_has;
	ssize_t span, part;
	struct buf b;
	char *value;
	size_t i;

	span = header_span(text, n, true, &has_blank);
	assert(span >= 0 && (size_t)span <= n);
	for (i = 0; i <= n && n < 4096; i++) {
		part = header_span(text, i, false, &part_has);
		assert(part == -1 || (part == span && part_has == has_blank));
	}
	header_parse(text, (size_t)span, &h);
	buf_init(&b, n + 2);
	assert(header_put(&b, &h) == 0);
	assert(b.len <= (size_t)span + 2);
	buf_clear(&b);
	value = xstrndup(text, n);
	fields_stay_one(&h, value);
	header_remove(&h, "to");
	assert(header_find(&h, "To", NULL) == NULL);
	header_clear(&h);
	free(value);
	return 0;
}
