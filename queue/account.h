/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ACCOUNT_H
#define QUEUE_ACCOUNT_H

#include "common/conf.h"
#include "common/proto_job.h"
#include "queue/fewer.h"
#include "queue/hosts.h"
#include "queue/legacy.h"
#include "queue/schedule.h"
#include "queue/share.h"
#include "queue/store.h"

/*
 * What is known of an account's health, and the rules by which it changes: a
 * record of the store with its budget and its pace.  No I/O: whoever changes
 * it saves it (account_save in a transaction).
 */
struct account {
	const struct conf_account *conf;
	uint32_t index; /* in conf->accounts */
	struct store_account known;
	struct budget *budget;
	struct shares *shares; /* of the users in its day */
	char *budget_key;      /* accounts of one mailbox share the ledger */
	struct pace pace;
	struct hosts hosts; /* in the order of conf->hosts */
	struct fewer fewer; /* connections than conf has; the mailbox's */
	struct legacy legacy;
	unsigned unanswered; /* lost answers since the last success */
	unsigned doubts;     /* doubtful answers in a row */
	size_t rcpts_max;    /* of a message, since more were refused; or 0 */
	int64_t tried_at;    /* when a message was last tried; 0: not yet */
	uint64_t stood_to;   /* messages up to this id have seen a hold */
};

/* Its name for people: the plain account has none of its own. */
const char *account_shown_name(const struct conf_account *a);

/* Reads what the store knows; a new account is ready. */
int account_load(struct account *a, struct store *s, const struct conf *conf,
    uint32_t index, int64_t now, struct err *e);
void account_clear(struct account *a);
int account_save(struct account *a, struct store *s, struct err *e);

/* account_ledger.c, for account_load */
void account_open_ledgers(struct account *a, const struct conf_queue *q);
int account_load_ledgers(
    struct account *a, struct store *s, int64_t now, struct err *e);

/*
 * The ledgers, in memory and in the store: at that instant a message of that
 * submitter went to so many recipients.  An alarm counts against no share.
 */
struct account_sent {
	enum message_kind kind;
	uint64_t who; /* queue/submitter.h */
	int64_t at;
	unsigned recipients;
};
void account_note_sent(struct account *a, const struct account_sent *t);
void account_note_ended(struct account *a, const struct account_sent *t);
int account_save_sent(const struct account *a, struct store *s,
    const struct account_sent *t, struct err *e);

/* What was saved as sent at that instant ended then (schedule.h). */
int account_save_ended(const struct account *a, struct store *s,
    const struct account_sent *t, int64_t at, struct err *e);

/*
 * Has the account been held since the message was made, or is it held now?
 * Kept over restarts, until a hold ends by a message that was taken.
 */
bool account_has_stood(const struct account *a, uint64_t message);

/* Is it held, or does it back off, and the time of its probe not come? */
bool account_waits(const struct account *a, int64_t now);

/*
 * May a message of one recipient go now?  0, or the instant when it may;
 * ACCOUNT_CLOSED: not before somebody acts.
 */
#define ACCOUNT_CLOSED INT64_MAX
int64_t account_opens_at(struct account *a, int64_t now);

/* The longest that account_failed makes it wait. */
int64_t account_longest_wait(const struct conf_account *c);

/*
 * For a record that was left by a clock that may have been ahead of the one
 * that is right: it waits no longer than its own delay from now.  True when
 * that changed it.
 */
bool account_bound(
    struct store_account *k, const struct conf_account *c, int64_t now);

/*
 * The moves.  Each returns whether the record changed and wants saving.
 *
 * succeeded: a message was taken.  answered: one was refused or put off for
 * reasons of its own, so that the server is reached and lets us in; but more
 * connections come only with the next message that is taken.  Either is the
 * probe's word, and ends the back-off or the hold; while the account waits, it
 * speaks of what was under way before, and ends nothing.
 */
bool account_succeeded(struct account *a, int64_t now);
bool account_answered(struct account *a, int64_t now);

/*
 * Somebody asked for a sign-in, and it was taken: a hold for a sign-in that was
 * refused (535 and the like), or for a secret that could not be had, is over.
 */
bool account_signed_in(struct account *a, int64_t now);

bool account_failed(
    struct account *a, const struct job_result *why, int64_t now, uint32_t rnd);

/*
 * A connection failed: true when another host may do, which is then the one to
 * go on with, so that the account is not to blame (account_failed).  *is_news
 * tells whether the host's record changed.
 */
struct host_trouble {
	const struct job_ready *session;
	const struct job_result *why;
};
bool account_host_failed(struct account *a, const struct host_trouble *t,
    int64_t now, uint32_t rnd, bool *is_news);

/* Hosts could not be reached before the session was; as r tells. */
void account_hosts_passed(
    struct account *a, const struct job_ready *r, int64_t now, uint32_t rnd);

/*
 * A message may have been taken, and the answer was lost.  Once is an accident
 * that says little about the account; true when it happened three times in a
 * row, which is a failure (account_failed).
 */
bool account_lost_answer(struct account *a);

/*
 * A message was put off for what is worded as passing and is a fault of the
 * account mostly (VERDICT_DOUBTFUL); or there was another answer, and the count
 * begins anew.  The first few times the message is tried again like any other;
 * true from the third in a row on, which is told as a failure of the account
 * (account_failed).
 */
bool account_doubted(struct account *a, bool is_doubtful);

/* So many recipients of one message were too many: half of them at most. */
void account_refused_many(struct account *a, size_t nrcpts);
size_t account_max_rcpts(const struct account *a);

/* How many connections there may be, and whether one more may be opened. */
unsigned account_connections(const struct account *a, int64_t now);
bool account_may_connect(struct account *a, size_t open, int64_t now);

/* Allows one attempt now, whatever the state. */
bool account_allow_probe(struct account *a, int64_t now);

/* The clock was set; the store has moved what it knows. */
void account_move_times(struct account *a, int64_t by_s);

/* "ready", "backoff", "held", "budget" */
const char *account_state(struct account *a, int64_t now);

#endif
