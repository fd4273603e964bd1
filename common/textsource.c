/* SPDX-License-Identifier: ISC */
/* A source that has nothing to wait for, and never fails. */
#include "config.h"

#include <string.h>

#include "common/textsource.h"

static ssize_t
take(void *arg, void *p, size_t n, struct err *e)
{
	struct textsource *t = arg;

	(void)e;
	if (n > t->text->len - t->at)
		n = t->text->len - t->at;
	memcpy(p, buf_data(t->text) + t->at, n);
	t->at += n;
	return (ssize_t)n;
}

static int
start_over(void *arg, struct err *e)
{
	struct textsource *t = arg;

	(void)e;
	t->at = 0;
	return 0;
}

struct source
textsource_begin(struct textsource *t, const struct buf *text)
{
	const struct source s = { take, start_over, t };

	t->text = text;
	t->at = 0;
	return s;
}
