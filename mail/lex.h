/* SPDX-License-Identifier: ISC */
#ifndef MAIL_LEX_H
#define MAIL_LEX_H

#include <stddef.h>

#include "common/buf.h"

/*
 * Cuts the text of an address field into tokens (RFC 5322 3.2).  Tokens point
 * into the text by offsets and follow one another without a gap, so that what
 * was read can be shown, or changed in place.
 */

enum token_kind {
	TOKEN_END,
	TOKEN_BLANK,   /* blanks and line ends */
	TOKEN_COMMENT, /* "(...)", nested ones included */
	TOKEN_ATOM,
	TOKEN_QUOTED,  /* with its quotes */
	TOKEN_LITERAL, /* "[...]" */
	TOKEN_SPECIAL, /* one of < > , ; : @ . */
	TOKEN_BROKEN   /* one octet that fits nowhere, such as a lone quote */
};

struct token {
	enum token_kind kind;
	size_t start, end; /* [start, end) of the text */
};

struct lexer {
	const char *p;
	size_t n;
	size_t at;
	unsigned unclosed; /* searches for a closing mark that found none */
};

void lexer_init(struct lexer *l, const char *p, size_t n);
struct token lexer_next(struct lexer *l);

/*
 * Appends what a quoted string or a comment says: without its outer marks,
 * quoted pairs undone, folding and controls as blanks.
 */
int token_text(struct buf *b, const char *p, const struct token *t);

#endif
