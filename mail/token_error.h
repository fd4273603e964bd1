/* SPDX-License-Identifier: ISC */
#ifndef MAIL_TOKEN_ERROR_H
#define MAIL_TOKEN_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "common/proto_token.h"

/*
 * What a token endpoint's refusal means: by Entra's number where it gives one,
 * else by OAuth's word (RFC 6749 5.2, RFC 8628 3.5).  What no row knows may
 * pass.  docs/office365.md has the same table.
 *
 * meaning and fix are whole sentences, but that no point or comma follows a
 * command.  TENANT, APP and MAILBOX in a fix stand for the account's values.
 */
struct token_error_row {
	uint64_t aadsts;   /* 0: any */
	const char *error; /* NULL: any */
	enum token_class class;
	enum token_ended ended;
	unsigned wait_s; /* least wait, with TOKEN_LATER */
	const char *meaning;
	const char *fix;
};

/* The i-th row, or NULL. */
const struct token_error_row *token_error_row(size_t i);

/* The row for both, of which one may be 0 or ""; NULL: no row knows it. */
const struct token_error_row *token_error_find(
    uint64_t aadsts, const char *error);

/* The first "AADSTS12345" in a text, as a number; or 0. */
uint64_t token_error_number(const char *text);

/*
 * Fills class, ended, wait_s, status, meaning and fix of *x by its aadsts,
 * error and http: there are always a meaning and a fix.  The row, or NULL.
 */
const struct token_error_row *token_error_judge(struct token_failed *x);

/*
 * Puts names in the place of TENANT, APP and MAILBOX; each may be NULL.  What
 * could be more than a name to a shell stays out.
 */
void token_error_name(struct token_failed *x, const char *tenant,
    const char *app, const char *mailbox);

/* What is done: "backoff", "wait" or "hold". */
const char *token_error_action(const struct token_error_row *r);

#endif
