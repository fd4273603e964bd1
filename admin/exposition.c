/* SPDX-License-Identifier: ISC */
/*
 * Prometheus' text format.  One broken line makes a reader refuse all of it, so
 * that whatever stands in a configuration must come out as valid text here.
 */
#include "config.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "admin/exposition.h"
#include "common/buf.h"
#include "common/frame.h"
#include "common/utf8.h"

#define LABELS_MAX  (4 * FRAME_MAX) /* a value came in a frame */
#define NUMBER_MAX  24
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void
exposition_init(struct exposition *x, FILE *to)
{
	memset(x, 0, sizeof(*x));
	x->to = to;
}

void
exposition_clear(struct exposition *x)
{
	strlist_clear(&x->seen);
}

void
exposition_begin(struct exposition *x, const char *name,
    enum exposition_type type, const char *help)
{
	strlist_clear(&x->seen);
	x->name = name;
	x->type = type;
	x->help = help;
}

static void
put_head(struct exposition *x)
{
	fprintf(x->to, "# HELP %s %s\n", x->name, x->help);
	fprintf(x->to, "# TYPE %s %s\n", x->name,
	    x->type == EXPOSITION_COUNTER ? "counter" : "gauge");
}

/* n octets at s are a character; 0: none is there, or a C1 control. */
static void
put_character(struct buf *b, const char *s, size_t n)
{
	unsigned char c = (unsigned char)*s;

	if (c == '\n') {
		buf_puts(b, "\\n");
	} else if (c == '"' || c == '\\') {
		buf_puts(b, "\\");
		buf_append(b, s, n);
	} else if (n == 0 || c < 0x20 || c == 0x7f) {
		buf_puts(b, REPLACEMENT);
	} else {
		buf_append(b, s, n);
	}
}

static void
put_value(struct buf *b, const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n > 0 ? n : 1) {
		n = ((unsigned char)*s & 0x80) == 0 ? 1 : utf8_len(s);
		put_character(b, s, n);
	}
}

/* "{account="a",state="held"}", or nothing. */
static void
put_labels(struct buf *b, exposition_labels labels)
{
	size_t i;

	if (labels[0] == NULL)
		return;
	for (i = 0; labels[i] != NULL; i += 2) {
		buf_puts(b, i == 0 ? "{" : ",");
		buf_puts(b, labels[i]);
		buf_puts(b, "=\"");
		put_value(b, labels[i + 1]);
		buf_puts(b, "\"");
	}
	buf_puts(b, "}");
}

/* Two accounts may have one name for people: the first is told. */
static bool
is_new(struct exposition *x, const char *labels)
{
	size_t i;

	for (i = 0; i < x->seen.n; i++)
		if (strcmp(x->seen.v[i], labels) == 0)
			return false;
	strlist_add(&x->seen, labels);
	return true;
}

static void
put_sample(struct exposition *x, exposition_labels labels, const char *value)
{
	struct buf b;
	const char *text;

	buf_init(&b, LABELS_MAX);
	put_labels(&b, labels);
	text = b.len == 0 ? "" : buf_data(&b);
	if (x->seen.n == 0)
		put_head(x);
	if (is_new(x, text))
		fprintf(x->to, "%s%s %s\n", x->name, text, value);
	buf_clear(&b);
}

void
exposition_number(struct exposition *x, exposition_labels labels, uint64_t v)
{
	char text[NUMBER_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	put_sample(x, labels, text);
}

void
exposition_time(struct exposition *x, exposition_labels labels, int64_t at)
{
	if (at == 0)
		put_sample(x, labels, "NaN");
	else
		exposition_number(x, labels, (uint64_t)at);
}

void
exposition_limit(struct exposition *x, exposition_labels labels, uint64_t v)
{
	if (v == 0)
		put_sample(x, labels, "+Inf");
	else
		exposition_number(x, labels, v);
}
