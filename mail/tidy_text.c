/* SPDX-License-Identifier: ISC */
/* Text, tokens and parameters of a field, said in ASCII. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/fold.h"
#include "mail/lex.h"
#include "mail/params.h"
#include "mail/tidy_priv.h"
#include "mail/words.h"

/* A name that is repeated in each section of a value. */
#define PARAM_MAX 60

/* ---- text ---- */

static size_t
gap_length(const char *p)
{
	return strspn(p, " \t");
}

static size_t
word_length(const char *p)
{
	return strcspn(p, " \t");
}

static bool
is_bad(const char *p, size_t n, bool encode)
{
	return n > FOLD_WORD || (encode && !utf8_is_ascii(p, n));
}

/* Any reader will take this for an encoded word, well-formed or not. */
static bool
looks_encoded(const char *p, size_t n)
{
	return n > 4 && strncmp(p, "=?", 2) == 0 &&
	       strncmp(p + n - 2, "?=", 2) == 0;
}

/* Octets of the words from p on that are all bad, with the gaps in between. */
static size_t
bad_run(const char *p, bool encode)
{
	size_t n = word_length(p), gap, len;

	for (;;) {
		gap = gap_length(p + n);
		len = word_length(p + n + gap);
		if (len == 0 || !is_bad(p + n + gap, len, encode))
			return n;
		n += gap + len;
	}
}

/*
 * Blanks between two encoded words are not shown (RFC 2047 6.2): a run beside a
 * word that came encoded takes the gap in.
 */
static int
put_run(struct buf *b, const char *p, size_t n, size_t before)
{
	size_t gap = gap_length(p + n);
	const char *next = p + n + gap;

	if (looks_encoded(next, word_length(next)))
		n += gap;
	return words_put(b, p - before, n + before);
}

int
tidy_text(struct buf *b, const char *value, bool encode)
{
	bool after_encoded = false;
	size_t gap, len;
	int rc = 0;

	while (*value != '\0' && rc == 0) {
		gap = gap_length(value);
		if ((rc = buf_append(b, value, gap)) == -1)
			break;
		value += gap;
		len = word_length(value);
		if (is_bad(value, len, encode)) {
			len = bad_run(value, encode);
			rc = put_run(b, value, len, after_encoded ? gap : 0);
			after_encoded = false;
		} else {
			rc = buf_append(b, value, len);
			after_encoded = looks_encoded(value, len);
		}
		value += len;
	}
	return rc;
}

int
tidy_comment(struct buf *b, const char *text, size_t n)
{
	size_t i;
	int rc = buf_putc(b, '(');

	if (!utf8_is_ascii(text, n))
		rc = rc == -1 ? -1 : words_put(b, text, n);
	else
		for (i = 0; i < n && rc == 0; i++) {
			if (text[i] != '\0' && strchr("()\\", text[i]) != NULL)
				rc = buf_putc(b, '\\');
			if (rc == 0)
				rc = buf_putc(b, text[i]);
		}
	return rc == -1 ? -1 : buf_putc(b, ')');
}

/* ---- tokens ---- */

/* Octets beyond ASCII as mark and two digits. */
static int
put_digits(struct buf *b, const char *p, size_t n, char mark)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = ((unsigned char)p[i] & 0x80) == 0
			 ? buf_putc(b, p[i])
			 : buf_printf(b, "%c%02X", mark, (uint8_t)p[i]);
	return rc;
}

static int
put_comment_token(struct buf *b, const char *p, const struct token *t)
{
	struct buf text;
	int rc;

	buf_init(&text, t->end - t->start);
	token_text(&text, p, t);
	rc = tidy_comment(b, buf_data(&text), text.len);
	buf_clear(&text);
	return rc;
}

int
tidy_tokens(struct buf *b, const char *p, size_t n)
{
	struct lexer lex;
	struct token t;
	size_t len;
	int rc = 0;

	lexer_init(&lex, p, n);
	while (rc == 0 && (t = lexer_next(&lex)).kind != TOKEN_END) {
		len = t.end - t.start;
		if (t.kind == TOKEN_COMMENT && !utf8_is_ascii(p + t.start, len))
			rc = put_comment_token(b, p, &t);
		else
			rc = put_digits(b, p + t.start, len, '=');
	}
	return rc;
}

/* ---- parameters ---- */

/*
 * The names that stand in a field with a "*" behind them, sorted: a field may
 * have a hundred thousand parameters, and each asks.
 */
struct extended {
	struct param *v; /* name is that before the "*" */
	size_t n;
	bool is_there;
};

static int
compare_names(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	size_t n = x->name < y->name ? x->name : y->name;
	int order = strncasecmp(x->p, y->p, n);

	if (order != 0 || x->name == y->name)
		return order;
	return x->name < y->name ? -1 : 1;
}

static void
find_extended(struct extended *x, const char *value)
{
	const char *star;
	struct params w;
	struct param p;

	params_init(&w, value, strlen(value));
	while (params_next(&w, &p)) {
		if ((star = memchr(p.p, '*', p.name)) == NULL)
			continue;
		p.name = (size_t)(star - p.p);
		/* Doubled whenever the count is a power of two. */
		if ((x->n & (x->n - 1)) == 0)
			x->v = xreallocarray(
			    x->v, x->n == 0 ? 1 : 2 * x->n, sizeof(*x->v));
		x->v[x->n++] = p;
	}
	if (x->n > 0)
		qsort(x->v, x->n, sizeof(*x->v), compare_names);
	x->is_there = true;
}

/* Does the field have "name*", or "name*0", which then says the same? */
static bool
has_extended(struct extended *x, const char *value, const struct param *like)
{
	if (!x->is_there)
		find_extended(x, value);
	return x->n > 0 &&
	       bsearch(like, x->v, x->n, sizeof(*x->v), compare_names) != NULL;
}

/* One that cannot stay as it is, with the semicolon before it. */
static int
put_param(
    struct buf *b, struct extended *x, const char *value, const struct param *p)
{
	struct buf text;
	int rc;

	if (p->name == 0 || p->name > PARAM_MAX ||
	    !utf8_is_ascii(p->p, p->name))
		return buf_puts(b, "; ") == -1 ? -1
					       : tidy_tokens(b, p->p, p->n);
	if (memchr(p->p, '*', p->name) != NULL)
		return buf_puts(b, "; ") == -1 ? -1
					       : put_digits(b, p->p, p->n, '%');
	if (has_extended(x, value, p))
		return 0;
	buf_init(&text, p->nvalue);
	param_value(&text, p);
	rc = buf_putc(b, ';');
	if (rc == 0)
		rc = param_put(b, p->p, p->name, buf_data(&text), text.len);
	buf_clear(&text);
	return rc;
}

int
tidy_params(struct buf *b, const char *value, bool encode)
{
	struct params w;
	struct param p;
	struct extended x = { NULL, 0, false };
	bool is_first = true;
	int rc = 0;

	params_init(&w, value, strlen(value));
	while (rc == 0 && params_next(&w, &p)) {
		if (is_first)
			rc = encode ? tidy_tokens(b, p.p, p.n)
				    : buf_append(b, p.p, p.n);
		else if (fold_longest(p.p, p.n) > FOLD_WORD ||
			 (encode && !utf8_is_ascii(p.p, p.n)))
			rc = put_param(b, &x, value, &p);
		else if ((rc = buf_puts(b, "; ")) == 0)
			rc = buf_append(b, p.p, p.n);
		is_first = false;
	}
	free(x.v);
	return rc;
}
