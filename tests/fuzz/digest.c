/* SPDX-License-Identifier: ISC */
/*
 * A report of notes that are the input, cut at NULs, and a note of recipients
 * and a header that are: 7-bit text with our fields alone, and notes of whole
 * lines.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/digest.h"
#include "mail/header.h"
#include "mail/qp.h"

#include "tests/fuzz/fuzz.h"

#define NOTES    4
#define BOUNDARY "0123456789abcdef"

static size_t
count(const char *p, const char *part)
{
	size_t found = 0;

	for (; (p = strstr(p, part)) != NULL; p++)
		found++;
	return found;
}

static void
well_formed(const struct buf *b)
{
	struct header h = { 0 };
	bool has_blank;
	ssize_t span;

	assert(text_is_7bit(b->data, b->len));
	span = header_span(b->data, b->len, true, &has_blank);
	assert(span > 0 && has_blank);
	header_parse(b->data, (size_t)span, &h);
	assert(h.n == 9);
	header_clear(&h);
	assert(count(b->data, "\r\n--=_" BOUNDARY ".0\r\n") >= 2);
	assert(count(b->data, BOUNDARY) >= 4);
}

static void
put_report(const char *const *notes)
{
	struct strlist to = { NULL, 0 };
	struct digest d = { .from = "a@b.c",
		.to = &to,
		.hostname = "host.example",
		.message_id = "<1@host.example>",
		.boundary = BOUNDARY,
		.notes = notes,
		.nnotes = NOTES };
	struct buf b;

	strlist_add(&to, notes[0]);
	buf_init(&b, 1024 * 1024);
	if (digest_put_head(&b, &d) == 0)
		well_formed(&b);
	strlist_clear(&to);
	buf_clear(&b);
}

static void
put_note(char *const *text, const char *headers, size_t n)
{
	struct dsn_rcpt r = { .address = text[0],
		.text = text[1],
		.meaning = text[2],
		.fix = text[3],
		.code = 550 };
	struct dsn d = { .kind = (enum dsn_kind)(n % 5),
		.hostname = "host.example",
		.queue_id = "0192A3B4C5D6",
		.rcpts = &r,
		.nrcpts = 1,
		.headers = headers,
		.headers_len = n };
	const char *const notes[NOTES] = { "", "", "", "" };
	const char *again[NOTES];
	struct buf b;

	buf_init(&b, DIGEST_NOTE_MAX);
	digest_note(&b, &d);
	assert(count(buf_data(&b), "\n") == 4);
	assert(count(buf_data(&b), "\r") == 0);
	memcpy(again, notes, sizeof(again));
	again[1] = buf_data(&b);
	put_report(again);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy = xmalloc(n + 1), *text[NOTES];
	size_t i, at = 0;

	memcpy(copy, p, n);
	copy[n] = '\0';
	for (i = 0; i < NOTES; i++) {
		text[i] = copy + at;
		if (at < n)
			at += strlen(copy + at) + 1;
		if (at > n)
			at = n;
	}
	put_report((const char *const *)text);
	put_note(text, copy + at, n - at);
	free(copy);
	return 0;
}
