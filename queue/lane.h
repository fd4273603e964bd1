/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LANE_H
#define QUEUE_LANE_H

#include "queue/dispatch.h"

/*
 * One account with its connections: whether its mail may go now, which
 * message is next, and what follows from how a try went.
 */
struct account_sent;
struct fewer;
struct lane;
struct token_failed;

struct lane_calls {
	/* a message was handed to the server; and all is heard of it */
	void (*sent)(
	    void *arg, const char *budget_key, const struct account_sent *t);
	void (*ended)(
	    void *arg, const char *budget_key, const struct account_sent *t);
	/* a connection more, of those that its mailbox may have at once? */
	bool (*has_place)(void *arg, const struct lane *l);
	/* there is none; and one has become free, for the others */
	void (*crowded)(void *arg, const struct lane *l);
	void (*freed)(void *arg, const struct lane *l);
	/* its mailbox has fewer connections for now, with all its accounts */
	void (*fewer)(void *arg, const struct lane *l, const struct fewer *f);
	/*
	 * Accounts of one application ask for their tokens one at a time: may
	 * this one now?  Else it is in line.  asked: its process has ended.
	 * put_off: the endpoint has put it off, and so will it those in line.
	 */
	bool (*may_ask)(void *arg, const struct lane *l);
	void (*asked)(void *arg, const struct lane *l);
	void (*put_off)(
	    void *arg, const struct lane *l, const struct token_failed *x);
	/* nothing is under way here any more */
	void (*rest)(void *arg);
	/* as dispatch_on_trouble tells it */
	void (*trouble)(void *arg, uint32_t account, uint64_t held);
};

/* The index-th account of the configuration; NULL with *e filled. */
struct lane *lane_new(const struct dispatch_parts *parts, uint32_t index,
    const struct lane_calls *calls, void *arg, struct err *e);
void lane_free(struct lane *l);

const char *lane_account(const struct lane *l);
const struct conf_account *lane_conf(const struct lane *l);

/* Hands over whatever may go, and looks again when more may. */
void lane_kick(struct lane *l);

/* Closed, a lane finishes what it has and starts nothing. */
void lane_set_closed(struct lane *l, bool closed);
bool lane_is_idle(const struct lane *l);

/*
 * One attempt now, if the account waits: true when it did.  That message goes
 * next, if it may; 0: any.
 */
bool lane_probe(struct lane *l, bool also_held, uint64_t first);
void lane_check(struct lane *l, dispatch_checked *f, void *arg);
void lane_check_end(struct lane *l); /* whoever waits is told so */

/*
 * Its access token: looked after from now on with no mail waiting, too; no
 * more; is it being asked for, or in line; and what another's answer was.
 */
void lane_token_keep(struct lane *l);
void lane_token_end(struct lane *l);
bool lane_token_is_asking(const struct lane *l);
bool lane_token_is_in_line(const struct lane *l);
void lane_token_hear(struct lane *l, const struct token_failed *x);
const struct conf_account *lane_conf(const struct lane *l);

/* As dispatch_set_legacy and dispatch_save have it. */
void lane_set_legacy(struct lane *l, int64_t for_s);
int lane_store(struct lane *l, struct err *e);

void lane_move_times(struct lane *l, int64_t by_s);
bool lane_has(const struct lane *l, uint64_t message);
const struct job_ready *lane_session(const struct lane *l, uint64_t message);

/*
 * Accounts of one mailbox share its connections.  yield lets one of them go,
 * when another lane, which has so many, has too few beside this one's: now if
 * one is idle, else after its message.
 */
const char *lane_mailbox(const struct lane *l); /* its budget_key */
size_t lane_connections(const struct lane *l);
unsigned lane_connections_max(const struct lane *l);
void lane_yield(struct lane *l, size_t others);

/* Counts what this or another lane of the same mailbox sent. */
void lane_note_sent(
    struct lane *l, const char *budget_key, const struct account_sent *t);
void lane_note_ended(
    struct lane *l, const char *budget_key, const struct account_sent *t);

/* Takes over how many connections the mailbox has. */
void lane_note_fewer(struct lane *l, const struct fewer *f);

int64_t lane_expect(struct lane *l, uint64_t before); /* dispatch_expect */

/* As dispatch_share and dispatch_share_next; and dispatch_has_due. */
void lane_share(struct lane *l, uint64_t who, struct share *out);
bool lane_share_next(struct lane *l, int64_t after, struct share *out);
bool lane_has_due(struct lane *l);
void lane_view(struct lane *l, struct dispatch_view *v);

#endif
