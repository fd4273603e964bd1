/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_STORE_H
#define DELIVERY_TOKEN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/token_file.h"

/*
 * An account's refresh token on the disk (common/token_file.h).  Only this
 * writes it.  What takes its place is made before the sandbox, in which no file
 * is opened, and empty until a new token comes.
 */
struct token_store {
	int folder; /* ours */
	int next;   /* the file that is to take its place, or -1 */
	char name[TOKEN_FILE_MAX];
	char next_name[TOKEN_FILE_MAX + 8];
};

/* folder becomes ours, also when it fails. */
int token_store_open(
    struct token_store *s, int folder, const char *account, struct err *e);

/*
 * The token that is there, and when it was written; 1, 0 when there is none, or
 * -1.  token is made by buf_init, and the caller wipes it.
 */
int token_store_read(const struct token_store *s, struct buf *token,
    int64_t *since, struct err *e);

/* Puts that one in its place: it is there after a crash, or the one before. */
int token_store_write(
    struct token_store *s, const struct buf *token, struct err *e);

/* What was made and not used goes. */
void token_store_close(struct token_store *s);

#endif
