/* SPDX-License-Identifier: ISC */
#ifndef MAIL_CHARS_H
#define MAIL_CHARS_H

#include <stdbool.h>

/*
 * What single characters are, by the RFCs and whatever the locale says.
 */

/* Blanks within a line, and the line ends that folding leaves in a field. */
bool char_is_blank(char c); /* space or tab */
bool char_is_white(char c); /* space, tab, CR, LF */

/* C0 controls and DEL; tab, CR, LF and NUL as well. */
bool char_is_control(char c);

/* RFC 5322 3.2.3 atext, and bytes beyond ASCII (RFC 6532 3.2). */
bool char_is_atext(char c);

/* A byte of a field's name: printable ASCII but for the colon. */
bool char_is_ftext(char c);

bool char_is_digit(char c);
bool char_is_alnum(char c);

#endif
