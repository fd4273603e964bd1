/* SPDX-License-Identifier: ISC */
/*
 * A notice in which every text of a stranger is the input, cut at NULs into
 * fields: it is 7-bit text, has one header with our fields alone, and exactly
 * three parts.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/dsn.h"
#include "mail/header.h"
#include "mail/qp.h"

#include "tests/fuzz/fuzz.h"

#define TEXTS 8

static void
well_formed(const struct buf *b)
{
	struct header h = { 0 };
	const char *boundary, *p;
	char *delimiter;
	bool has_blank;
	size_t found = 0, n;
	ssize_t span;

	assert(text_is_7bit(b->data, b->len));
	span = header_span(b->data, b->len, true, &has_blank);
	assert(span > 0 && has_blank);
	header_parse(b->data, (size_t)span, &h);
	assert(h.n == 9 || (h.n == 10 && header_find(&h, "References", NULL)));
	boundary = header_find(&h, "Content-Type", NULL)->value;
	boundary = strstr(boundary, "boundary=\"") + strlen("boundary=\"");
	delimiter =
	    xasprintf("\r\n--%.*s", (int)strcspn(boundary, "\""), boundary);
	n = strlen(delimiter);
	for (p = b->data; (p = strstr(p, delimiter)) != NULL; p += n)
		found++;
	assert(found == 4);
	assert(strcmp(b->data + b->len - 4, "--\r\n") == 0);
	free(delimiter);
	header_clear(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy = xmalloc(n + 1), *text[TEXTS];
	struct dsn_rcpt r = { 0 };
	struct dsn d = { 0 };
	struct buf b;
	size_t i, at = 0;

	memcpy(copy, p, n);
	copy[n] = '\0';
	for (i = 0; i < TEXTS; i++) {
		text[i] = copy + at;
		if (at < n)
			at += strlen(copy + at) + 1;
		if (at > n)
			at = n;
	}
	r.address = text[0];
	r.original = text[1];
	r.orcpt = text[2];
	r.status = text[3];
	r.text = text[4];
	r.relay = n % 2 == 0 ? text[5] : NULL;
	r.meaning = text[5];
	r.fix = text[6];
	r.code = n % 3 == 0 ? 550 : 0;
	d.kind = (enum dsn_kind)(n % 5);
	d.from = "a@b.c";
	d.to = text[0];
	d.hostname = "host.example";
	d.queue_id = "0192A3B4C5D6";
	d.message_id = "<1@host.example>";
	d.envid = text[7];
	d.rcpts = &r;
	d.nrcpts = 1;
	d.headers = copy + at;
	d.headers_len = n - at;
	d.retry_until = n % 7;
	d.whole = d.headers;
	d.whole_len = n % 2 == 0 ? d.headers_len : 0;
	buf_init(&b, 1024 * 1024);
	if (dsn_put(&b, &d) == 0)
		well_formed(&b);
	buf_clear(&b);
	free(copy);
	return 0;
}
