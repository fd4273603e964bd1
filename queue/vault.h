/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_VAULT_H
#define QUEUE_VAULT_H

#include <stdint.h>

#include "common/conf.h"
#include "common/proto_token.h"

/*
 * The access tokens that the parent keeps: memory files (common/memfile.h) that
 * token has written and deliver reads, and that nobody else does.  With each
 * lies what the queue process said of it.
 */
struct vault;

struct vault *vault_new(const struct conf *conf);
void vault_free(struct vault *v);

/* For a fork: gives up the tokens, which stay with the other process. */
void vault_close(struct vault *v);

/*
 * The configuration from now on: the tokens stay of accounts that have their
 * name and ask for the same as before.
 */
void vault_set_conf(struct vault *v, const struct conf *conf);

/*
 * Takes fd, a token that is complete, in the place of the one before; 0, or -1
 * when it is none (empty, too large, not sealed) and stays the caller's.
 */
int vault_keep(struct vault *v, uint32_t account, int fd, struct err *e);

/* The account's token, which stays ours; or -1, and why. */
int vault_fd(const struct vault *v, uint32_t account, struct err *e);

/* What is said of the token that the account has. */
void vault_note(
    struct vault *v, uint32_t account, const struct token_granted *g);

/* That again; -1: there is no token, or nothing was said of it. */
int vault_known(const struct vault *v, uint32_t account,
    struct token_granted *g, struct err *e);

#endif
