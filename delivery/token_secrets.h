/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_SECRETS_H
#define DELIVERY_TOKEN_SECRETS_H

#include "common/buf.h"
#include "common/err.h"
#include "common/fdpass.h"
#include "common/proto_token.h"

/*
 * token's side of the secret channel (common/proto_token.h).  Errors are
 * ERR_LOCAL where an administrator has to mend something, else ERR_TEMP.
 */

#define TOKEN_SECRET_MAX (64 * 1024)

/* Asks by one octet: a descriptor, and where it leads; or -1. */
int token_secrets_fd(
    int sock, char octet, char from[FDPASS_TEXT_MAX], struct err *e);

/*
 * The whole of a file, or its first line.  out is made by buf_init with
 * TOKEN_SECRET_MAX, and the caller wipes it.
 */
int token_secrets_read(int sock, char octet, struct buf *out,
    char from[FDPASS_TEXT_MAX], struct err *e);
int token_secrets_line(int sock, char octet, struct buf *out, struct err *e);

/* The same for a descriptor that is there already, which is closed. */
int token_secrets_slurp(
    int fd, const char *from, struct buf *out, size_t max, struct err *e);

/*
 * Cuts what was read down to its first line, which has to be text without
 * controls.
 */
int token_secrets_first_line(struct buf *out, const char *from, struct err *e);

/*
 * Gives the access token to the parent for keeping: into memory that the parent
 * has made, sealed, complete.
 */
int token_secrets_keep(int sock, const struct buf *token, struct err *e);

#endif
