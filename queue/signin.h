/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SIGNIN_H
#define QUEUE_SIGNIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/proto_job.h"
#include "common/proto_token.h"

/*
 * When an account asks for an access token, and whether it may sign in with
 * the one that it has.  Pure functions: the clock and the dice are arguments.
 *
 *	fresh    nothing to do
 *	ageing   good for connections; a new one is asked for ahead of its end
 *	ended    no connection begins before there is a new one
 *
 * A token that the mail server has refused is ended as well, and once more is
 * signed in with a new one: until the server has let us in, a second refusal
 * is the account's own.
 *
 * The endpoint is asked once at a time, after a failure not before next_at,
 * and ever more slowly when it gives tokens that end at once.
 */
struct signin {
	/* as the account is configured */
	bool keeps; /* a refresh token: it dies when it is not used */
	int64_t ahead_s;
	int64_t min_s, max_s; /* of the back-off */

	bool has_token;
	struct token_granted granted;
	bool is_refused;  /* by the mail server */
	bool has_renewed; /* a refused one, since the server last let us in */
	bool is_asking;
	int64_t started_at;         /* when that began */
	int64_t next_at;            /* not asked for before */
	unsigned failures;          /* in a row, since the last token */
	struct token_failed failed; /* the last of them */
	int64_t failed_at;
	unsigned quick; /* tokens in a row that came soon after another */
};

void signin_init(struct signin *s, const struct conf_account *a);

/* An instant that does not come by itself. */
#define SIGNIN_NEVER INT64_MAX

/* What the parent has kept of the time before this process. */
void signin_know(struct signin *s, const struct token_granted *g, int64_t now);

/* May a connection begin with it?  And when is that over. */
bool signin_is_good(const struct signin *s, int64_t now);
int64_t signin_good_until(const struct signin *s);

/*
 * The same, but that the answer to the first question ahead of its end is
 * waited for, which comes within seconds as a rule.
 */
bool signin_may_start(const struct signin *s, int64_t now);

/*
 * When to ask, and not before now.  is_wanted: a connection is to be made;
 * without that only a refresh token is a reason to.
 */
int64_t signin_ask_at(const struct signin *s, int64_t now, bool is_wanted);

/* The moves. */
void signin_asks(struct signin *s, int64_t now);
void signin_granted(
    struct signin *s, const struct token_granted *g, int64_t now);
void signin_failed(
    struct signin *s, const struct token_failed *x, int64_t now, uint32_t rnd);

/* The server has refused the token: true when a new one is to be tried. */
bool signin_refused(struct signin *s);
void signin_taken(struct signin *s); /* it has let us in */

/* Somebody acted: what had to be waited for after failures is over. */
void signin_allow(struct signin *s, int64_t now);

void signin_move_times(struct signin *s, int64_t by_s);

/* The last failure as the account's trouble, from now on. */
void signin_tell(const struct signin *s, int64_t now, struct job_result *why);

/*
 * The server has refused a token of which something was doubtful: that goes
 * before the server's own words.
 */
void signin_blame(const struct signin *s, struct job_result *why);

#endif
