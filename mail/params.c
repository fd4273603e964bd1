/* SPDX-License-Identifier: ISC */
/*
 * Parameters.  A semicolon ends one, unless it stands in a quoted string or a
 * comment.
 */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/chars.h"
#include "mail/params.h"

#define SECTION 40 /* octets of the value in one section, before "%" */

void
params_init(struct params *w, const char *value, size_t n)
{
	w->p = value;
	w->n = n;
	w->at = 0;
	w->is_open = false;
}

/* ---- reading ---- */

/* Octets of the quoted string at p, to its end or to that of the text. */
static size_t
quoted_length(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '"')
			return i + 1;
	}
	return n;
}

/* The same of a comment; 0 when it is never closed, and so is none. */
static size_t
comment_length(const char *p, size_t n)
{
	size_t depth = 0, i;

	for (i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/*
 * Octets up to the semicolon, or all.  A "(" that is never closed ends the
 * search for closed ones, here and in what follows: a field full of them would
 * be searched to its end for each.
 */
static size_t
segment_length(struct params *w)
{
	const char *p = w->p + w->at;
	size_t n = w->n - w->at, i = 0, len;

	while (i < n && p[i] != ';') {
		len = 1;
		if (p[i] == '"')
			len = quoted_length(p + i, n - i);
		else if (p[i] == '(' && !w->is_open &&
			 (len = comment_length(p + i, n - i)) == 0) {
			w->is_open = true;
			len = 1;
		}
		i += len;
	}
	return i;
}

static void
trim(const char **p, size_t *n)
{
	while (*n > 0 && char_is_white(**p)) {
		(*p)++;
		(*n)--;
	}
	while (*n > 0 && char_is_white((*p)[*n - 1]))
		(*n)--;
}

/* What follows the "=": a quoted string, or all but a comment behind blanks. */
static void
find_value(struct param *out, size_t from)
{
	size_t i;

	out->value = out->p + from;
	out->nvalue = out->n - from;
	trim(&out->value, &out->nvalue);
	if (out->nvalue > 0 && out->value[0] == '"') {
		out->nvalue = quoted_length(out->value, out->nvalue);
		return;
	}
	for (i = 1; i < out->nvalue; i++)
		if (out->value[i] == '(' && char_is_blank(out->value[i - 1]))
			out->nvalue = i;
	trim(&out->value, &out->nvalue);
}

bool
params_next(struct params *w, struct param *out)
{
	size_t len, name = 0;

	if (w->at > w->n || (w->at == w->n && w->n > 0))
		return false;
	len = segment_length(w);
	out->p = w->p + w->at;
	out->n = len;
	w->at += len + 1;
	trim(&out->p, &out->n);
	while (name < out->n && out->p[name] != '=' && out->p[name] != '"')
		name++;
	out->name = 0;
	out->value = out->p + out->n;
	out->nvalue = 0;
	if (name == out->n || out->p[name] != '=')
		return true;
	find_value(out, name + 1);
	while (name > 0 && char_is_blank(out->p[name - 1]))
		name--;
	out->name = name;
	return true;
}

bool
param_is(const struct param *p, const char *name)
{
	return p->name > 0 && p->name == strlen(name) &&
	       strncasecmp(p->p, name, p->name) == 0;
}

int
param_value(struct buf *b, const struct param *p)
{
	size_t i, n = p->nvalue;

	if (n == 0 || p->value[0] != '"')
		return buf_append(b, p->value, n);
	if (n > 1 && p->value[n - 1] == '"')
		n--;
	for (i = 1; i < n; i++) {
		if (p->value[i] == '\\' && i + 1 < n)
			i++;
		if (buf_putc(b, p->value[i]) == -1)
			return -1;
	}
	return 0;
}

/* ---- writing ---- */

/* RFC 2231 7: attribute-char. */
static bool
is_plain(char c)
{
	return char_is_alnum(c) ||
	       (c != '\0' && strchr("!#$&+-.^_`{|}~", c) != NULL);
}

static int
put_octet(struct buf *b, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char token[3] = { '%', digits[(uint8_t)c >> 4],
		digits[(uint8_t)c & 15] };

	return is_plain(c) ? buf_putc(b, c) : buf_append(b, token, 3);
}

/* Octets of the next section: whole characters. */
static size_t
section_length(const char *p, size_t n, bool is_utf8)
{
	size_t i = 0, len, used = 0;

	while (i < n && used < SECTION) {
		len = is_utf8 ? utf8_char(p + i, n - i, NULL) : 1;
		used += is_plain(p[i]) ? 1 : 3 * len;
		i += len;
	}
	return i;
}

static const char *
charset_of(const char *value, size_t n, bool is_utf8)
{
	if (utf8_is_ascii(value, n))
		return "US-ASCII''";
	return is_utf8 ? "UTF-8''" : "ISO-8859-1''";
}

int
param_put(
    struct buf *b, const char *name, size_t nname, const char *value, size_t n)
{
	bool is_utf8 = utf8_is_valid(value, n);
	const char *charset = charset_of(value, n, is_utf8);
	size_t len = section_length(value, n, is_utf8), i;
	bool is_whole = len == n;
	unsigned section = 0;
	int rc;

	do {
		rc = buf_printf(b, " %.*s*", (int)nname, name);
		if (rc == 0 && !is_whole)
			rc = buf_printf(b, "%u*", section);
		if (rc == 0)
			rc =
			    buf_printf(b, "=%s", section++ == 0 ? charset : "");
		for (i = 0; i < len && rc == 0; i++)
			rc = put_octet(b, value[i]);
		value += len;
		n -= len;
		if (rc == 0 && n > 0)
			rc = buf_putc(b, ';');
		len = section_length(value, n, is_utf8);
	} while (n > 0 && rc == 0);
	return rc;
}
