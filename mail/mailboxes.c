/* SPDX-License-Identifier: ISC */
/*
 * Lists of mailboxes, read in two steps: the text is cut into elements at the
 * commas, and each element is read by itself.  So whatever is wrong with one
 * of them stays there.  The forms of RFC 5322 3.4 and 4.4 are read, and beyond
 * them what people write: semicolons for commas, blanks between addresses,
 * names without a domain.
 *
 *	element = 1*([words] "<" [route] addr ">")  |  1*addr
 *	addr    = word *("." word) ["@" domain]       comments anywhere
 *
 * What an address may hold is judged by addr_check, not here; this file only
 * finds out where it is.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/chars.h"
#include "mail/lex.h"

/* The tokens of one element, and how far they were read. */
struct element {
	const char *p; /* the whole text */
	struct token *v;
	size_t n, cap;
	size_t at;
	size_t angle;       /* next "<" at or after at, or n */
	bool angled;        /* a "<...>" was read */
	struct buf scratch; /* the string being put together */

	/* What the tokens gathered so far can be. */
	size_t words;
	bool is_phrase; /* nothing but words, dots and asides */
	bool is_broken;
	bool in_route; /* between "<@" and ":" */
	char last;     /* the special that came last, asides apart */
};

static bool
is_special(const struct element *el, size_t i, char c)
{
	return i < el->n && el->v[i].kind == TOKEN_SPECIAL &&
	       el->p[el->v[i].start] == c;
}

static bool
is_kind(const struct element *el, size_t i, enum token_kind kind)
{
	return i < el->n && el->v[i].kind == kind;
}

/* Blanks and comments (RFC 5322: CFWS). */
static bool
is_aside(const struct element *el, size_t i)
{
	return is_kind(el, i, TOKEN_BLANK) || is_kind(el, i, TOKEN_COMMENT);
}

static size_t
skip_asides(const struct element *el, size_t i)
{
	while (is_aside(el, i))
		i++;
	return i;
}

static bool
is_word(const struct element *el, size_t i)
{
	return is_kind(el, i, TOKEN_ATOM) || is_kind(el, i, TOKEN_QUOTED);
}

/* ---- one address ---- */

/* Appends a token as it is, but for the line ends of folding. */
static void
put_token(struct element *el, size_t i)
{
	const struct token *t = &el->v[i];
	size_t k;

	for (k = t->start; k < t->end; k++)
		if (el->p[k] != '\r' && el->p[k] != '\n')
			buf_putc(&el->scratch, el->p[k]);
}

/*
 * Takes words and the dots between them, with asides around the dots (the
 * obsolete form).  Dots may stand anywhere; addr_check has a view on them.
 * Returns where it ended, which is i when there was nothing.
 */
static size_t
take_dotted(struct element *el, size_t i, size_t *end)
{
	size_t next = i, last = i;
	bool want_dot = false;

	while (is_word(el, next) || is_special(el, next, '.')) {
		if (is_word(el, next) && want_dot)
			break; /* a second word: a new address, or an error */
		want_dot = is_word(el, next);
		put_token(el, next);
		*end = el->v[next].end;
		last = next + 1;
		next = skip_asides(el, last);
	}
	return last;
}

/*
 * Takes one address at el->at, not its asides in front or behind.  -1 when
 * none stands there.
 */
static int
take_address(struct element *el, struct mailbox *m)
{
	struct buf *b = &el->scratch;
	size_t i, at;

	if (el->at == el->n)
		return -1;
	buf_truncate(b, 0);
	m->addr_start = el->v[el->at].start;
	i = take_dotted(el, el->at, &m->addr_end);
	if (i == el->at)
		return -1;
	at = skip_asides(el, i);
	if (is_special(el, at, '@')) {
		buf_putc(b, '@');
		at = skip_asides(el, at + 1);
		if (is_kind(el, at, TOKEN_LITERAL)) {
			put_token(el, at);
			m->addr_end = el->v[at].end;
			i = at + 1;
		} else if ((i = take_dotted(el, at, &m->addr_end)) == at)
			return -1;
	}
	el->at = i;
	m->address = xstrndup(buf_data(b), b->len);
	return 0;
}

/* ---- one mailbox ---- */

static void
mailbox_clear(struct mailbox *m)
{
	free(m->display);
	free(m->comment);
	free(m->address);
	memset(m, 0, sizeof(*m));
}

/* The last comment that says something is the mailbox's. */
static void
set_comment(struct mailbox *m, const struct element *el, size_t i)
{
	const struct token *t = &el->v[i];
	struct buf b;

	buf_init(&b, t->end - t->start);
	token_text(&b, el->p, t);
	if (b.len > 0) {
		free(m->comment);
		m->comment = xstrndup(b.data, b.len);
	}
	buf_clear(&b);
}

/* Passes asides at el->at, and takes the comments among them. */
static void
take_asides(struct element *el, struct mailbox *m)
{
	for (; is_aside(el, el->at); el->at++)
		if (el->v[el->at].kind == TOKEN_COMMENT) {
			set_comment(m, el, el->at);
			m->end = el->v[el->at].end;
		}
}

/*
 * Takes the phrase that ends before token `to`: quotes undone, one blank for
 * any run of blanks and comments.
 */
static void
take_phrase(struct element *el, size_t to, struct mailbox *m)
{
	struct buf *b = &el->scratch;
	bool blank = false;

	buf_truncate(b, 0);
	for (; el->at < to; el->at++) {
		if (is_aside(el, el->at)) {
			blank = b->len > 0;
			if (el->v[el->at].kind == TOKEN_COMMENT)
				set_comment(m, el, el->at);
			continue;
		}
		if (blank)
			buf_putc(b, ' ');
		blank = false;
		if (el->v[el->at].kind == TOKEN_QUOTED)
			token_text(b, el->p, &el->v[el->at]);
		else
			put_token(el, el->at);
	}
	if (b->len > 0) {
		free(m->display);
		m->display = xstrndup(b->data, b->len);
	}
}

/* "@a,@b:" in front of an address: RFC 5321 3.6.1 says to pass over it. */
static void
skip_route(struct element *el)
{
	size_t i = el->at;

	if (!is_special(el, i, '@'))
		return;
	while (i < el->n && !is_special(el, i, ':') && !is_special(el, i, '>'))
		i++;
	if (is_special(el, i, ':'))
		el->at = skip_asides(el, i + 1);
}

/* words "<" [route] addr ">" */
static int
take_angled(struct element *el, struct mailbox *m)
{
	take_phrase(el, el->angle, m);
	el->at = skip_asides(el, el->angle + 1);
	skip_route(el);
	if (take_address(el, m) == -1)
		return -1;
	el->at = skip_asides(el, el->at);
	if (!is_special(el, el->at, '>'))
		return -1;
	m->end = el->v[el->at++].end;
	el->angled = true;
	take_asides(el, m);
	return 0;
}

/*
 * A bare address.  A quoted string with another word behind it is a name whose
 * angle brackets were forgotten.  Once an address in angle brackets was seen,
 * words without a domain are no addresses any more: "Bob <bob@x> - at work".
 */
static int
take_bare(struct element *el, struct mailbox *m)
{
	size_t next = skip_asides(el, el->at + 1);

	if (is_kind(el, el->at, TOKEN_QUOTED) && is_word(el, next) &&
	    next > el->at + 1)
		take_phrase(el, next, m);
	if (take_address(el, m) == -1)
		return -1;
	if (el->at < el->n && !is_aside(el, el->at))
		return -1; /* nothing but a blank ends a bare address */
	if (el->angled && addr_domain(m->address) == NULL)
		return -1;
	m->end = m->addr_end;
	take_asides(el, m);
	return 0;
}

static int
take_mailbox(struct element *el, struct mailbox *m)
{
	memset(m, 0, sizeof(*m));
	m->start = el->v[el->at].start;
	/* Looked for once a bracket, not once an address: linear time. */
	if (el->angle < el->at)
		el->angle = el->at;
	while (el->angle < el->n && !is_special(el, el->angle, '<'))
		el->angle++;
	if (el->angle < el->n)
		return take_angled(el, m);
	take_asides(el, m);
	return take_bare(el, m);
}

/* ---- the list ---- */

static void
add_mailbox(struct mailboxes *out, const struct mailbox *m)
{
	/* Doubled whenever the count is a power of two. */
	if ((out->n & (out->n - 1)) == 0)
		out->v = xreallocarray(
		    out->v, out->n == 0 ? 1 : out->n * 2, sizeof(*out->v));
	out->v[out->n++] = *m;
}

/* Notes [start, end) of the text as unreadable, in a form fit to be shown. */
static void
add_bad(struct mailboxes *out, const char *p, size_t start, size_t end)
{
	char *shown = xmalloc(end - start + 1);
	size_t i;

	for (i = start; i < end; i++)
		shown[i - start] = char_is_control(p[i]) ? '?' : p[i];
	shown[end - start] = '\0';
	strlist_add(&out->bad, shown);
	free(shown);
}

static void
element_start(struct element *el)
{
	el->n = el->at = el->angle = el->words = 0;
	el->is_phrase = true;
	el->last = '\0';
	el->angled = el->is_broken = el->in_route = false;
}

/* Takes the tokens gathered up to a separator as mailboxes. */
static void
element_finish(struct element *el, struct mailboxes *out)
{
	struct mailbox m;

	while (is_kind(el, el->at, TOKEN_BLANK))
		el->at++;
	while (el->n > el->at && is_kind(el, el->n - 1, TOKEN_BLANK))
		el->n--;
	if (el->is_broken) {
		add_bad(out, el->p, el->v[el->at].start, el->v[el->n - 1].end);
		el->at = el->n;
	} else if (skip_asides(el, el->at) == el->n)
		el->at = el->n; /* empty, or nothing but comments */
	while (el->at < el->n && out->n <= MAILBOXES_MAX) {
		if (take_mailbox(el, &m) == 0) {
			add_mailbox(out, &m);
			continue;
		}
		add_bad(out, el->p, m.start, el->v[el->n - 1].end);
		mailbox_clear(&m);
		break;
	}
	element_start(el);
}

static void
element_add(struct element *el, const struct token *t)
{
	char c = t->kind == TOKEN_SPECIAL ? el->p[t->start] : '\0';

	if (c == '@' && el->last == '<')
		el->in_route = true;
	else if (c == ':' || c == '>')
		el->in_route = false;
	if (t->kind == TOKEN_ATOM || t->kind == TOKEN_QUOTED)
		el->words++;
	else if (t->kind == TOKEN_BROKEN)
		el->is_broken = true;
	if (t->kind == TOKEN_LITERAL || (c != '\0' && c != '.'))
		el->is_phrase = false;
	if (t->kind != TOKEN_BLANK && t->kind != TOKEN_COMMENT)
		el->last = c;
	if (el->n == el->cap) {
		el->cap = el->cap == 0 ? 16 : el->cap * 2;
		el->v = xreallocarray(el->v, el->cap, sizeof(*el->v));
	}
	el->v[el->n++] = *t;
}

/* A comma within a source route goes on with another "@host". */
static bool
is_separator(const struct element *el, const struct token *t, size_t n)
{
	size_t i = t->end;

	if (t->kind != TOKEN_SPECIAL)
		return false;
	if (el->p[t->start] == ';')
		return true;
	if (el->p[t->start] != ',')
		return false;
	while (i < n && char_is_white(el->p[i]))
		i++;
	return !el->in_route || i == n || el->p[i] != '@';
}

/* The colon that ends the name of a group; its members are a list like ours. */
static bool
is_group(const struct element *el, const struct token *t)
{
	return t->kind == TOKEN_SPECIAL && el->p[t->start] == ':' &&
	       el->is_phrase && el->words > 0;
}

int
mailboxes_parse(const char *p, size_t n, struct mailboxes *out)
{
	struct element el = { .p = p };
	struct lexer lex;
	struct token t;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	buf_init(&el.scratch, n);
	element_start(&el);
	lexer_init(&lex, p, n);
	do {
		t = lexer_next(&lex);
		if (t.kind == TOKEN_END || is_separator(&el, &t, n))
			element_finish(&el, out);
		else if (is_group(&el, &t))
			element_start(&el);
		else
			element_add(&el, &t);
		if (out->n + out->bad.n > MAILBOXES_MAX) {
			strlist_add(&out->bad, "(too many addresses)");
			rc = -1;
		}
	} while (t.kind != TOKEN_END && rc == 0);
	buf_clear(&el.scratch);
	free(el.v);
	return rc;
}

void
mailboxes_clear(struct mailboxes *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		mailbox_clear(&m->v[i]);
	free(m->v);
	strlist_clear(&m->bad);
	memset(m, 0, sizeof(*m));
}
