/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration, collected while it is read and told in
 * the order of its lines.  A file of rubbish must not fill memory or a
 * screen, so the list has an end.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/conf_priv.h"
#include "common/utf8.h"
#include "common/xalloc.h"

#define NOTES_MAX 200
#define TEXT_MAX  1024

void
conf_note(struct conf_notes *n, enum conf_severity severity, unsigned line,
    const char *fmt, ...)
{
	char text[TEXT_MAX];
	struct conf_note *one;
	struct buf safe;
	va_list ap;

	if (severity == CONF_ERROR)
		n->has_errors = true;
	if (n->n > NOTES_MAX)
		return;
	if (n->n == NOTES_MAX) {
		severity = CONF_ERROR;
		snprintf(text, sizeof(text), "more is wrong; not listed");
	} else {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	/* Values are quoted in it: each octet may become four. */
	buf_init(&safe, 4 * sizeof(text));
	utf8_put_safe(&safe, text);
	n->v = xreallocarray(n->v, n->n + 1, sizeof(*n->v));
	one = &n->v[n->n];
	one->severity = severity;
	one->line = line;
	one->seq = n->n++;
	one->text = buf_steal(&safe);
}

static int
by_line(const void *a, const void *b)
{
	const struct conf_note *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void
conf_notes_report(
    struct conf_notes *n, const char *path, struct conf_problems *p)
{
	size_t i;

	if (n->n > 1)
		qsort(n->v, n->n, sizeof(*n->v), by_line);
	for (i = 0; i < n->n; i++) {
		struct conf_note *one = &n->v[i];
		bool is_error = one->severity == CONF_ERROR;
		const char *tag = is_error ? "" : "warning: ";
		char *whole = one->line == 0
				  ? xasprintf("%s: %s%s", path, tag, one->text)
				  : xasprintf("%s:%u: %s%s", path, one->line,
					tag, one->text);

		strlist_add(is_error ? &p->errors : &p->warnings, whole);
		free(whole);
		free(one->text);
	}
	free(n->v);
	n->v = NULL;
	n->n = 0;
}

void
conf_problems_clear(struct conf_problems *p)
{
	strlist_clear(&p->errors);
	strlist_clear(&p->warnings);
}
