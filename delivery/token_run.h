/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_RUN_H
#define DELIVERY_TOKEN_RUN_H

#include "common/fdpass.h"
#include "common/proto_token.h"
#include "common/url.h"
#include "delivery/token_answer.h"
#include "delivery/token_dial.h"
#include "delivery/token_http.h"
#include "delivery/token_key.h"
#include "delivery/token_store.h"

/*
 * One request, from its preparation to its end: what is opened outside of the
 * sandbox and used in it.
 */
struct token_run {
	struct token_ask ask;
	struct frame_reader reader; /* the token channel */
	struct buf out;
	int secret_fd;
	struct url url; /* of ask.token_url */
	int64_t deadline_ms;
	/* what is proved with; token_prepare.c */
	struct buf secret; /* the client's, or the platform's token */
	struct buf assertion;
	struct buf refresh;
	struct token_key *key;
	bool has_store;
	struct token_store store;
	char folder[FDPASS_TEXT_MAX]; /* where the store lies */
	struct buf trust;
	struct token_dial dial;
	struct token_http *http;
	/* what comes of it */
	struct token_granted granted;
	struct token_failed failed;
};

/* All zero, with buffers. */
void token_run_init(struct token_run *r, int channel, int secret_fd);
void token_run_clear(struct token_run *r); /* wipes */

/* What must never be shown. */
void token_run_hidden(const struct token_run *r, struct token_hidden *h);

/* The server's answer makes no sense, as *e has it: r->failed, and -1. */
int token_run_odd(struct token_run *r, struct err *e);

/* Fills r->failed; -1. */
int token_run_fail(
    struct token_run *r, enum token_phase phase, const struct err *e);

/* Before the sandbox: -1 with r->failed filled. */
int token_prepare(struct token_run *r);

/* In it: r->granted is filled, or -1 and r->failed is. */
int token_grant(struct token_run *r);

/*
 * The answer to a request that brought one: the tokens are stored and handed
 * over, and r->granted is filled.
 */
int token_grant_take(struct token_run *r, const struct token_http_answer *a);

/* Adds to a form what the application proves itself by. */
int token_grant_put_proof(struct token_run *r, struct buf *form);

/* Sign-in by device code, as a whole. */
int token_device(struct token_run *r);

/* Sends what was put into r->out. */
int token_run_flush(struct token_run *r, struct err *e);

#endif
