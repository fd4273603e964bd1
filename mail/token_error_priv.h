/* SPDX-License-Identifier: ISC */
#ifndef MAIL_TOKEN_ERROR_PRIV_H
#define MAIL_TOKEN_ERROR_PRIV_H

#include "mail/token_error.h"

/* Those of a number come before those of a word. */
extern const struct token_error_row token_error_rows[];
extern const size_t token_error_rows_n;

#endif
