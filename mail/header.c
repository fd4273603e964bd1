/* SPDX-License-Identifier: ISC */
/*
 * Header fields.  What a line is, is decided in one place (line_kind), so that
 * the span of a header and its fields can never disagree.  Everything here is
 * linear in the text and keeps no state between calls.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/chars.h"
#include "mail/fold.h"
#include "mail/header.h"

/* RFC 5321 6.3: "a large rejection threshold, normally at least 100". */
#define HOPS_MAX 100

/* ---- lines -----------------------------------------------------------------
 */

enum line_kind {
	LINE_FIELD,    /* "Name:", "Name :" */
	LINE_FOLDED,   /* goes on with the field before it */
	LINE_MBOX,     /* "From joe Mon ..." or ">From ..." in front */
	LINE_EMPTY,    /* ends the header */
	LINE_BODY,     /* anything else: the body starts here */
	LINE_UNDECIDED /* its end is not there yet */
};

struct line {
	enum line_kind kind;
	size_t len;  /* with its CRLF, as far as it has one */
	size_t name; /* octets of the name of a field */
};

/* Octets of the name when a field starts here, else 0. */
static size_t
name_length(const char *p, size_t n)
{
	size_t name = 0, i;

	while (name < n && char_is_ftext(p[name]))
		name++;
	for (i = name; i < n && char_is_blank(p[i]); i++)
		;
	return i < n && p[i] == ':' ? name : 0;
}

static bool
is_mbox(const char *p, size_t n)
{
	if (n > 0 && p[0] == '>') {
		p++;
		n--;
	}
	return n >= 5 && memcmp(p, "From ", 5) == 0 && name_length(p, n) == 0;
}

/* What stands at p, which is where a line of the header may stand. */
static struct line
line_at(const char *p, size_t n, bool final)
{
	const char *lf = memchr(p, '\n', n);
	struct line l = { LINE_UNDECIDED, n, 0 };
	size_t text;

	if (lf != NULL)
		l.len = (size_t)(lf - p) + 1;
	else if (!final)
		return l;
	text = l.len;
	if (text > 0 && p[text - 1] == '\n')
		text--;
	if (text > 0 && p[text - 1] == '\r')
		text--;
	l.name = name_length(p, text);
	if (text == 0)
		l.kind = LINE_EMPTY;
	else if (char_is_blank(p[0]))
		l.kind = LINE_FOLDED;
	else if (l.name > 0)
		l.kind = LINE_FIELD;
	else
		l.kind = is_mbox(p, text) ? LINE_MBOX : LINE_BODY;
	return l;
}

/*
 * The next line of a header, whose lines before left *fields behind.  What may
 * not stand where it does counts as body: a folded line without a field, an
 * mbox line behind one.
 */
static struct line
next_line(const char *p, size_t n, bool final, size_t fields)
{
	struct line l = line_at(p, n, final);

	if ((l.kind == LINE_FOLDED && fields == 0) ||
	    (l.kind == LINE_MBOX && fields > 0))
		l.kind = LINE_BODY;
	return l;
}

enum header_line
header_line(const char *p, size_t n, size_t fields)
{
	switch (next_line(p, n, true, fields).kind) {
	case LINE_FIELD:
		return HEADER_FIELD;
	case LINE_FOLDED:
	case LINE_MBOX:
		return HEADER_MORE;
	case LINE_EMPTY:
		return HEADER_EMPTY;
	case LINE_BODY:
	case LINE_UNDECIDED:
		break;
	}
	return HEADER_BODY;
}

ssize_t
header_span(const char *p, size_t n, bool final, bool *has_blank)
{
	struct line l;
	size_t at = 0, fields = 0;

	*has_blank = false;
	while (at < n) {
		l = next_line(p + at, n - at, final, fields);
		if (l.kind == LINE_UNDECIDED)
			return -1;
		if (l.kind == LINE_BODY)
			return (ssize_t)at;
		at += l.len;
		if (l.kind == LINE_EMPTY) {
			*has_blank = true;
			return (ssize_t)at;
		}
		if (l.kind == LINE_FIELD)
			fields++;
	}
	return final ? (ssize_t)at : -1;
}

/* ---- fields ---- */

static void
field_clear(struct header_field *f)
{
	free(f->name);
	free(f->value);
	free(f->raw);
}

void
header_clear(struct header *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		field_clear(&h->v[i]);
	free(h->v);
	h->v = NULL;
	h->n = 0;
}

/* Appends a field whose strings become the header's. */
static void
append(struct header *h, const struct header_field *f)
{
	/* Doubled whenever the count is a power of two. */
	if ((h->n & (h->n - 1)) == 0)
		h->v = xreallocarray(
		    h->v, h->n == 0 ? 1 : h->n * 2, sizeof(*h->v));
	h->v[h->n++] = *f;
}

/*
 * The text behind the colon as one trimmed line: folding is undone by taking
 * the line end out and leaving the blanks (RFC 5322 2.2.3).
 */
static char *
unfold(const char *p, size_t n)
{
	char *out = xmalloc(n + 1);
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		if (p[i] != '\r' && p[i] != '\n' && p[i] != '\0' &&
		    (len > 0 || !char_is_blank(p[i])))
			out[len++] = p[i];
	while (len > 0 && char_is_blank(out[len - 1]))
		len--;
	out[len] = '\0';
	return out;
}

/*
 * The n octets at p as they are, with a CRLF at the end if there is none.  A
 * NUL, which no canonical text has, would cut the field short: it is left out.
 */
static char *
raw_copy(const char *p, size_t n)
{
	char *out = xmalloc(n + 3);
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		if (p[i] != '\0')
			out[len++] = p[i];
	if (len == 0 || out[len - 1] != '\n') {
		out[len++] = '\r';
		out[len++] = '\n';
	}
	out[len] = '\0';
	return out;
}

static void
add_parsed(struct header *h, const char *p, size_t n, size_t name)
{
	const char *colon = memchr(p + name, ':', n - name);
	struct header_field f;

	f.name = xstrndup(p, name);
	f.value = unfold(colon + 1, n - (size_t)(colon + 1 - p));
	f.raw = raw_copy(p, n);
	append(h, &f);
}

void
header_parse(const char *p, size_t n, struct header *h)
{
	struct line l, field = { LINE_BODY, 0, 0 };
	size_t at, start = 0, fields = 0;

	for (at = 0; at < n; at += l.len) {
		l = next_line(p + at, n - at, true, fields);
		if (l.kind == LINE_EMPTY || l.kind == LINE_BODY)
			break;
		if (l.kind != LINE_FIELD)
			continue;
		if (fields++ > 0)
			add_parsed(h, p + start, at - start, field.name);
		start = at;
		field = l;
	}
	if (fields > 0)
		add_parsed(h, p + start, at - start, field.name);
}

struct header_field *
header_find(
    const struct header *h, const char *name, const struct header_field *prev)
{
	size_t i = prev == NULL ? 0 : (size_t)(prev - h->v) + 1;

	for (; i < h->n; i++)
		if (strcasecmp(h->v[i].name, name) == 0)
			return &h->v[i];
	return NULL;
}

size_t
header_remove(struct header *h, const char *name)
{
	size_t i, kept = 0, removed;

	for (i = 0; i < h->n; i++) {
		if (strcasecmp(h->v[i].name, name) == 0)
			field_clear(&h->v[i]);
		else
			h->v[kept++] = h->v[i];
	}
	removed = h->n - kept;
	h->n = kept;
	return removed;
}

/* ---- writing ---- */

static char *
make_raw(const char *name, const char *value)
{
	struct buf b;

	/* At worst each blank between two letters takes a line end. */
	buf_init(&b, strlen(name) + 2 * strlen(value) + 8);
	fold_put(&b, name, value);
	return buf_steal(&b);
}

/* A value that fits on one line: controls become blanks; trimmed. */
static char *
clean_value(const char *value)
{
	char *flat = xstrdup(value), *out, *p;

	for (p = flat; *p != '\0'; p++)
		if (char_is_control(*p))
			*p = ' ';
	out = unfold(flat, strlen(flat));
	free(flat);
	return out;
}

static struct header_field
make_field(const char *name, const char *value)
{
	struct header_field f;

	f.name = xstrdup(name);
	f.value = clean_value(value);
	f.raw = make_raw(name, f.value);
	return f;
}

void
header_add(struct header *h, const char *name, const char *value)
{
	struct header_field f = make_field(name, value);

	append(h, &f);
}

void
header_insert(struct header *h, size_t at, const char *name, const char *value)
{
	struct header_field f = make_field(name, value);

	append(h, &f);
	memmove(h->v + at + 1, h->v + at, (h->n - 1 - at) * sizeof(*h->v));
	h->v[at] = f;
}

void
header_set(struct header_field *f, const char *value)
{
	struct header_field made = make_field(f->name, value);

	field_clear(f);
	*f = made;
}

int
header_check_hops(const struct header *h, struct err *e)
{
	const struct header_field *f = NULL;
	unsigned hops = 0;

	while ((f = header_find(h, "Received", f)) != NULL)
		hops++;
	if (hops <= HOPS_MAX)
		return 0;
	return err_set(e, ERR_PERM, "5.4.6",
	    "it has %u Received fields, more than %d: the mail runs in a loop",
	    hops, HOPS_MAX);
}

int
header_put(struct buf *b, const struct header *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (buf_puts(b, h->v[i].raw) == -1)
			return -1;
	return 0;
}
