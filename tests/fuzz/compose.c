/* SPDX-License-Identifier: ISC */
/*
 * What a program writes to our standard input, cut into pieces where the first
 * octet says.  What comes out is canonical, has a whole header with the fields
 * that every message needs and no Bcc, is the same however it was read, and
 * its recipients are addresses or told as bad.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/compose.h"
#include "mail/header.h"
#include "mail/recipients.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (4 * 1024 * 1024)

struct text {
	const uint8_t *p;
	size_t n, at, piece;
};

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;

	(void)e;
	if (n > t->piece)
		n = t->piece;
	if (n > t->n - t->at)
		n = t->n - t->at;
	if (n > 0)
		memcpy(p, t->p + t->at, n);
	t->at += n;
	return (ssize_t)n;
}

static int
text_rewind(void *arg, struct err *e)
{
	struct text *t = arg;

	(void)e;
	t->at = 0;
	return 0;
}

static void
author(void *arg, const char **address, const char **name)
{
	(void)arg;
	*address = "root";
	*name = "Charlie \"Root\" \\";
}

static void
take_recipients(const struct completed *found)
{
	struct recipients r;
	struct envelope env;
	size_t i;

	envelope_init(&env);
	recipients_init(&r, &env, 0);
	for (i = 0; i < found->recipients.n; i++)
		recipients_add(&r, found->recipients.v[i], NULL);
	assert((recipients_check(&r, NULL) == 0) == (env.nrcpts > 0));
	for (i = 0; i < env.nrcpts; i++)
		assert(
		    addr_check(env.rcpts[i].address, "5.1.3", NULL, NULL) == 0);
	recipients_clear(&r);
	envelope_clear(&env);
}

/* Bounded, and each another one. */
static void
judge_authors(const struct completed *found)
{
	const struct strlist *others = &found->authors.others;
	size_t i, k;

	assert(others->n <= AUTHORS_MAX);
	assert(others->n == 0 || others->v[0][0] != '\0');
	for (i = 0; i < others->n; i++) {
		assert(found->from == NULL ||
		       strcmp(found->from, others->v[i]) != 0);
		for (k = 0; k < i; k++)
			assert(strcmp(others->v[k], others->v[i]) != 0);
	}
}

/* The whole message; false when it was refused. */
static bool
compose(const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
	const struct completion with = {
		.date = "Mon, 23 Nov 2026 21:20:34 +0100",
		.message_id = "<1@host.example.com>",
		.domain = "example.com",
		.author = author,
	};
	struct text t = { p, n, 0, piece };
	const struct source from = { text_read, text_rewind, &t };
	const struct completed *found;
	struct compose *c = compose_new(&from, CANON_DOT_IS_TEXT, &with);
	struct source message;
	struct err e;
	ssize_t got;
	char *to;
	bool taken = compose_header(c, &found, &e) == 0;

	if (taken) {
		take_recipients(found);
		judge_authors(found);
		message = compose_source(c);
		do {
			to = buf_reserve(out, 4096);
			assert(to != NULL);
			got = message.read(message.arg, to, 4096, &e);
			assert(got >= 0);
			buf_grew(out, (size_t)got);
		} while (got > 0);
	}
	compose_free(c);
	return taken;
}

static void
judge(const struct buf *b)
{
	static const char *const needed[] = { "From", "Date", "Message-ID" };
	struct header h = { 0 };
	bool has_blank;
	ssize_t span;
	size_t i;

	for (i = 0; i < b->len; i++) {
		assert(b->data[i] != '\0');
		assert(b->data[i] != '\r' || b->data[i + 1] == '\n');
		assert(b->data[i] != '\n' || (i > 0 && b->data[i - 1] == '\r'));
	}
	span = header_span(buf_data(b), b->len, true, &has_blank);
	assert(span > 0);
	header_parse(buf_data(b), (size_t)span, &h);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		assert(header_find(&h, needed[i], NULL) != NULL);
	assert(header_find(&h, "Bcc", NULL) == NULL);
	header_clear(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf whole, pieces;
	bool taken;

	if (n == 0 || n > OUT_MAX / 8)
		return 0;
	buf_init(&whole, OUT_MAX);
	buf_init(&pieces, OUT_MAX);
	taken = compose(p + 1, n - 1, SIZE_MAX, &whole);
	assert(compose(p + 1, n - 1, 1 + p[0], &pieces) == taken);
	assert(whole.len == pieces.len);
	if (taken) {
		assert(memcmp(whole.data, pieces.data, whole.len) == 0);
		judge(&whole);
	}
	buf_clear(&whole);
	buf_clear(&pieces);
	return 0;
}
