/* SPDX-License-Identifier: ISC */
/*
 * The lexer of address fields.  It never fails: what fits nowhere is a token
 * of its own kind, and the text goes on behind it.  So one lone quote spoils
 * one address and not the list.
 *
 * Time is linear in the text.  A mark that opens and is never closed costs a
 * search to the end; since a hostile text could hold a mark on every second
 * octet, only the first few are searched for, and later ones count as broken
 * at once.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/lex.h"

#define UNCLOSED_MAX 16

void
lexer_init(struct lexer *l, const char *p, size_t n)
{
	l->p = p;
	l->n = n;
	l->at = 0;
	l->unclosed = 0;
}

/*
 * Where the token that opens at l->at ends, or 0 when it never does.  Comments
 * nest, quoted strings and literals do not.  NUL closes nothing: no text of
 * ours may hold one.
 */
static size_t
find_close(const struct lexer *l)
{
	char open = l->p[l->at];
	char close = open == '(' ? ')' : open == '[' ? ']' : '"';
	size_t depth = 1, i;

	for (i = l->at + 1; i < l->n && l->p[i] != '\0'; i++) {
		if (l->p[i] == '\\' && i + 1 < l->n && l->p[i + 1] != '\0')
			i++;
		else if (l->p[i] == close && --depth == 0)
			return i + 1;
		else if (l->p[i] == '(' && open == '(')
			depth++;
	}
	return 0;
}

static struct token
take(struct lexer *l, enum token_kind kind, size_t end)
{
	struct token t = { kind, l->at, end };

	l->at = end;
	return t;
}

static struct token
take_enclosed(struct lexer *l, enum token_kind kind)
{
	size_t end = 0;

	if (l->unclosed < UNCLOSED_MAX && (end = find_close(l)) == 0)
		l->unclosed++;
	if (end == 0)
		return take(l, TOKEN_BROKEN, l->at + 1);
	return take(l, kind, end);
}

/*
 * An atom.  A backslash stands for itself and takes the next character with
 * it: "\root" is how an administrator names root and means no alias of it.
 */
static size_t
atom_end(const struct lexer *l)
{
	size_t i = l->at;

	while (i < l->n) {
		if (l->p[i] == '\\' && i + 1 < l->n &&
		    char_is_atext(l->p[i + 1]))
			i += 2;
		else if (char_is_atext(l->p[i]))
			i++;
		else
			break;
	}
	return i;
}

struct token
lexer_next(struct lexer *l)
{
	size_t end = l->at;
	char c;

	if (l->at == l->n)
		return take(l, TOKEN_END, l->at);
	while (end < l->n && char_is_white(l->p[end]))
		end++;
	if (end > l->at)
		return take(l, TOKEN_BLANK, end);
	if ((end = atom_end(l)) > l->at)
		return take(l, TOKEN_ATOM, end);
	c = l->p[l->at];
	if (c == '(')
		return take_enclosed(l, TOKEN_COMMENT);
	if (c == '"')
		return take_enclosed(l, TOKEN_QUOTED);
	if (c == '[')
		return take_enclosed(l, TOKEN_LITERAL);
	if (c != '\0' && strchr("<>,;:@.", c) != NULL)
		return take(l, TOKEN_SPECIAL, l->at + 1);
	return take(l, TOKEN_BROKEN, l->at + 1);
}

int
token_text(struct buf *b, const char *p, const struct token *t)
{
	size_t i, end = t->end - 1;
	bool folded = false;

	for (i = t->start + 1; i < end; i++) {
		if (p[i] == '\\' && i + 1 < end)
			i++;
		/* CRLF and the blank after it are one blank (RFC 5322 2.2.3) */
		if (p[i] == '\r' || p[i] == '\n') {
			folded = true;
			continue;
		}
		if (folded && !char_is_white(p[i]) && buf_putc(b, ' ') == -1)
			return -1;
		folded = false;
		if (buf_putc(b, char_is_control(p[i]) ? ' ' : p[i]) == -1)
			return -1;
	}
	return 0;
}
