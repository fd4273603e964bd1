/* SPDX-License-Identifier: ISC */
#ifndef MAIL_TIDY_PRIV_H
#define MAIL_TIDY_PRIV_H

#include "mail/tidy.h"

/*
 * Shared by tidy.c (which field is what), tidy_text.c (text, tokens and
 * parameters) and tidy_addr.c.  Each appends a value in ASCII; -1 when the cap
 * of b is reached.
 */

/* With encode unset only words beyond FOLD_WORD octets are encoded. */
int tidy_text(struct buf *b, const char *value, bool encode);

int tidy_tokens(struct buf *b, const char *p, size_t n);
int tidy_params(struct buf *b, const char *value, bool encode);
int tidy_addresses(struct buf *b, const char *value, const struct tidy *t);

/* "(...)" around encoded words, or around what is ASCII. */
int tidy_comment(struct buf *b, const char *text, size_t n);

#endif
