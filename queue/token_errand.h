/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_TOKEN_ERRAND_H
#define QUEUE_TOKEN_ERRAND_H

#include "common/proto_token.h"

struct ask;
struct event_base;

/*
 * One process of the program token, as the queue process sees it: one request,
 * one answer, by the rules of common/proto_token.h.  It decides nothing.
 */
struct token_errand;

struct token_errand_calls {
	/* the answer: one of the two, once, from the loop */
	void (*granted)(void *arg, const struct token_granted *g);
	void (*failed)(void *arg, const struct token_failed *x);
	/* after it: the process has ended; the run is freed after the call */
	void (*gone)(void *arg);
};

struct token_errand_parts {
	struct event_base *base;
	struct ask *ask;
	const struct conf *conf;
};

/* NULL with *e filled when none could be started. */
struct token_errand *token_errand_start(const struct token_errand_parts *p,
    uint32_t account, const struct token_errand_calls *calls, void *arg,
    struct err *e);

/* Hangs up, which ends the process; nothing is called any more. */
void token_errand_free(struct token_errand *r);

/* A failure of this host's, as token would tell it. */
void token_errand_no(struct token_failed *x, const struct err *e);

#endif
