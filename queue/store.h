/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_STORE_H
#define QUEUE_STORE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/envelope.h"
#include "common/err.h"
#include "common/strlist.h"
#include "queue/queue_id.h"
#include "queue/state.h"

/*
 * The queue on disk.  This header hides how it is kept (SQLite, docs/schema.md)
 * and speaks of messages, recipients and accounts, so that a second store can
 * stand beside the first.
 *
 * Changes are made between store_begin and store_commit.  Every function that
 * may fail returns -1 with *e filled; after a failure inside a transaction the
 * caller rolls back.  When COMMIT itself fails, whether the changes are there
 * shows only after the store was opened anew: see queue/commit.h.
 *
 * Times are wall seconds, given by the caller; the store reads no clock.
 */

struct store;

enum store_mode {
	STORE_WRITE,  /* holds the lock; one at a time */
	STORE_READ,   /* a listing: no lock, no change */
	STORE_REPLACE /* STORE_WRITE; a damaged file gives way: damage.h */
};

#define STORE_ASIDE_MAX 1024

/* What store_open found and did, for the log. */
struct store_opened {
	bool created;
	int migrated_from;  /* schema version, 0: none */
	uint64_t uncertain; /* recipients found active */
	uint64_t swept;     /* unfinished messages taken away */
	uint64_t repaired;  /* messages whose state or due time was put right */
	bool checked;       /* quick_check and the invariants were run */
	bool replaced;      /* the file was damaged: a new one is in place, and
			     * nobody was told of it yet */
	bool by_hand;       /* and nothing was read of it */
	uint64_t saved;     /* messages carried over from it */
	uint64_t lost;      /* messages known of that were not */
	char aside[STORE_ASIDE_MAX]; /* where it is now */
};

/*
 * Opens directory/queue.db, making it when it is not there (STORE_WRITE).
 * The lock file directory/lock is taken by the caller (queue/lock.h) before.
 * Active recipients become uncertain, with due_at as the caller gives it by
 * uncertain_due (0: held).  ERR_LOCAL when the file is damaged, foreign, newer
 * than we are, or not ours to write.
 */
struct store_place {
	const char *directory;
	enum store_mode mode;
	int64_t now;
	int64_t uncertain_due;
};
int store_open(const struct store_place *place, struct store **out,
    struct store_opened *what, struct err *e);

/* What what.replaced told is known for good: no later start says it again. */
void store_replaced_told(const struct store *s);

/* NULL is fine.  STORE_WRITE truncates the journal and notes a clean stop. */
void store_close(struct store *s);

/* For when little is going on: gives back the memory that work has left. */
void store_rest(struct store *s);

/* Moves every instant in the queue; see queue/times.h. */
int store_move_times(struct store *s, int64_t by_s, struct err *e);

/*
 * At start, when a clock that was wrong before may have been put right: what
 * happened later than now did so now, and no recipient is due later than
 * latest says of one with so many attempts.
 */
typedef int64_t store_latest(void *arg, unsigned attempts);
int store_bound_times(struct store *s, int64_t now, store_latest *latest,
    void *arg, struct err *e);

int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/*
 * After a commit and before anybody is told of it: is what was written what
 * the next start will find?  -1 when queue.db or its journal is gone from its
 * place, or another file stands there.
 */
int store_in_place(const struct store *s, struct err *e);

/* Was damage met?  Then the process ends after store_suspect. */
bool store_is_damaged(const struct store *s);
void store_suspect(const struct store *s);

/* Moves the journal into the file: little and cheap when idle, or all. */
enum store_checkpoint {
	CHECKPOINT_PASSIVE,
	CHECKPOINT_TRUNCATE
};
int store_checkpoint(struct store *s, enum store_checkpoint how, struct err *e);
uint64_t store_journal_size(const struct store *s); /* octets */
uint64_t store_journal_file(const struct store *s); /* with what was moved */

/* ---- messages ---- */

#define CHUNK_SIZE (64 * 1024)

enum message_kind {
	KIND_MAIL,
	KIND_BOUNCE, /* a notice of ours about failed or delayed mail */
	KIND_ALARM   /* to local.admin; goes before all other mail */
};
const char *message_kind_name(enum message_kind kind);

/* An id greater than every one given before. */
uint64_t store_next_id(struct store *s, int64_t now_ms);
uint64_t store_last_id(const struct store *s); /* the last that was given */

struct store_message {
	uint64_t id;
	enum rcpt_state state; /* follows from its recipients; rcpt.c */
	int64_t arrived_at;
	uid_t uid;
	uint32_t device; /* of a listener, whose turn it is; 0: of none */
	char *account;
	enum message_kind kind;
	char *sender; /* a bare name is a local user; "" the null sender */
	char *from;   /* first address of From:, or NULL */
	char *message_id;
	uint64_t size; /* octets of all chunks */
	uint32_t chunks;
	enum body_type body;
	bool smtputf8;
	enum dsn_ret ret;
	char *envid;
	unsigned attempts;
	int64_t due_at; /* earliest of its recipients; 0: none waits */
	int64_t
	    delay_notice_at; /* when the delay notice went out; 0: not yet */
};
void store_message_clear(struct store_message *m);

struct store_rcpt {
	uint64_t id;
	char *address;  /* where it goes */
	char *original; /* as submitted, when aliases changed it; or NULL */
	char *orcpt;
	unsigned notify;
	enum rcpt_state state;
	int64_t due_at;
	unsigned attempts;
	unsigned code; /* last answer: 0 when none was read */
	char status[ERR_STATUS_MAX];
	char *text, *meaning, *fix; /* or NULL */
};
void store_rcpt_clear(struct store_rcpt *r);

/*
 * Takes in a message.  store_message_add makes the row in state staging
 * with no recipient; chunks and recipients follow, in one transaction or in
 * several; store_message_queue makes it mail: recipients become queued, due at
 * due_at.  size and chunks are counted by the store.
 */
int store_message_add(
    struct store *s, const struct store_message *m, struct err *e);
int store_rcpt_add(struct store *s, uint64_t message,
    const struct store_rcpt *r, struct err *e);
int store_chunk_add(
    struct store *s, uint64_t message, const void *p, size_t n, struct err *e);
int store_message_queue(
    struct store *s, uint64_t message, int64_t due_at, struct err *e);

/* Why its recipients wait, in plain words; the next answer replaces it. */
int store_message_explain(struct store *s, uint64_t message, const char *text,
    const char *meaning, const char *fix, struct err *e);

/* Takes a message away with all that belongs to it; no journal entry. */
int store_message_delete(struct store *s, uint64_t message, struct err *e);

/* Was this submission taken before?  1 with *message, 0, -1. */
int store_submission_find(struct store *s, uid_t uid, const uint8_t id[16],
    uint64_t *message, struct err *e);
int store_submission_add(struct store *s, uid_t uid, const uint8_t id[16],
    uint64_t message, int64_t now, struct err *e);
int store_submission_forget(struct store *s, int64_t before, struct err *e);

/* 1 when found. */
int store_message_get(
    struct store *s, uint64_t id, struct store_message *m, struct err *e);

/* All recipients of a message; *v for the caller to free, each cleared. */
int store_rcpts_get(struct store *s, uint64_t message, struct store_rcpt **v,
    size_t *n, struct err *e);

/*
 * One chunk, its CRC-32 verified: 1 with *out holding it and nothing else, or
 * 0 past the last (or when there is no such message).  ERR_LOCAL with status
 * 5.6.0 when it does not match what was stored.
 */
int store_chunk_get(struct store *s, uint64_t message, uint32_t seq,
    struct buf *out, struct err *e);

/*
 * The same, put to a look and to nothing else: not verified, which it is when
 * it is sent.
 */
struct look;
int store_chunk_look(struct store *s, uint64_t message, uint32_t seq,
    struct look *l, struct err *e);

/* ---- the schedule's questions ---- */

/*
 * The next message of the account to try: alarms first, then the submitter
 * after that one in a circle, then the oldest due; of one that may not, only
 * what was released.  Only messages that have a queued or uncertain recipient
 * due at or before now; those in skip (being delivered) do not count.  1 with
 * id and whose it is, 0 when none is due; then wake_at is when the next one
 * will be (0: none waits).
 */
struct store_due {
	const char *account;
	int64_t now;
	uint64_t after; /* queue/submitter.h */
	const uint64_t *skip;
	size_t nskip;
	bool passes_alarms; /* as if there were none */
	/* May more of that submitter's mail go?  NULL: everybody's may. */
	bool (*may)(void *arg, uint64_t who);
	void *arg;
	uint64_t id; /* the answer */
	uid_t uid;
	uint32_t device;
	bool is_free; /* it goes whatever "may" says */
	int64_t wake_at;
};
int store_due_next(struct store *s, struct store_due *due, struct err *e);

/*
 * Mail that somebody has released from its user's share (queue/share.h), which
 * is known until it ends: 0, -1; is it that, and does the user have other mail
 * that waits: 1, 0, -1.
 */
int store_release(struct store *s, uid_t uid, uint64_t message, struct err *e);
int store_is_released(
    struct store *s, uid_t uid, uint64_t message, struct err *e);
int store_waits_unreleased(
    struct store *s, const char *account, uint64_t who, struct err *e);

/*
 * The accounts that have mail in the queue, and the way from one that the
 * configuration no longer has to another: all of its mail moves.
 */
int store_account_names(struct store *s, struct strlist *names, struct err *e);
int store_account_move(
    struct store *s, const char *from, const char *to, struct err *e);

/* Makes due at that instant what of a message waits, or of all messages. */
int store_message_due(
    struct store *s, uint64_t message, int64_t at, struct err *e);
int store_all_due(struct store *s, int64_t at, struct err *e);

/* Each waiting message, for the limits of intake: whose, and its octets. */
typedef void store_usage(
    void *arg, uint64_t who, uint64_t messages, uint64_t octets);
int store_usage_each(struct store *s, store_usage *f, void *arg, struct err *e);

/* ---- recipients' states: the only setter is state_set (queue/state.h) ---- */

struct rcpt_change {
	enum rcpt_state from; /* filled in by state_set */
	enum rcpt_state to;
	int64_t due_at; /* for queued and uncertain; 0 for the others */
	bool attempted; /* counts as an attempt */
	unsigned code;
	/* NULL: leave; code is left when text is NULL */
	const char *status, *text, *meaning, *fix;
};

/*
 * Writes a change that state_set has found legal, and brings the message's
 * due_at up to date.
 */
int store_rcpt_write(struct store *s, uint64_t message, uint64_t rcpt,
    const struct rcpt_change *c, struct err *e);

/* Counts an attempt of the message; once a try, whatever its recipients. */
int store_message_attempted(struct store *s, uint64_t message, struct err *e);
int store_message_set_delay_notice(
    struct store *s, uint64_t message, int64_t at, struct err *e);

/* Every recipient is finished: 1, 0, -1. */
int store_message_finished(struct store *s, uint64_t message, struct err *e);

/* ---- attempts and journal ---- */

struct store_attempt {
	uint64_t message, rcpt;
	int64_t at;
	const char *outcome, *account, *relay, *address, *tls, *cipher;
	unsigned code;
	const char *status, *text;
	uint64_t elapsed_ms;
};
int store_attempt_add(
    struct store *s, const struct store_attempt *a, struct err *e);
/* Forgets the oldest of a message that has very many. */
int store_attempts_trim(struct store *s, uint64_t message, struct err *e);
typedef void store_attempt_row(
    void *arg, const struct store_attempt *a, const char *rcpt_address);
int store_attempts_each(struct store *s, uint64_t message, store_attempt_row *f,
    void *arg, struct err *e);

/* The journal outlives the message: how each recipient ended, and by whom. */
struct store_event {
	int64_t at;
	const char *what; /* "delivered", "bounced", "expired", "removed" */
	uint64_t message;
	uid_t uid; /* of the message */
	const char *account, *sender, *recipient, *message_id;
	const char *original; /* of an alias or a redirect, or NULL */
	unsigned code;
	const char *status, *text, *relay;
	uint64_t size;
	int64_t arrived_at;
};
int store_event_add(
    struct store *s, const struct store_event *ev, struct err *e);
/* The newest: where a search for what comes later begins. */
int store_event_last(struct store *s, uint64_t *id, struct err *e);
/* A slice of those before the instant: 1 when more may be left, 0, -1. */
int store_event_forget(struct store *s, int64_t before, struct err *e);

/*
 * Counts the messages that bounced or expired, for some or all of their
 * recipients, from the instant at on (id 0), a slice of the journal a call:
 * 1 when there is more to look at, 0 when n is the sum, -1.
 */
struct store_failures {
	int64_t at;  /* moved on */
	uint64_t id; /* the same; 0 to begin */
	uint64_t message;
	uint64_t n;
};
int store_failures_next(
    struct store *s, struct store_failures *f, struct err *e);

/* ---- what became of it ---- */

/*
 * A search for a message by any of these, in slices: each call looks at a
 * bounded number of rows behind last, which it moves on, and stops at max that
 * are found.  1: there is more to look at; 0: that was all.  Neither column is
 * indexed, since every delivery would pay for what is seldom asked.
 */
struct store_trace {
	uint64_t id;            /* 0: none */
	const char *message_id; /* with its angle brackets, or NULL */
	const char *address;    /* of sender or recipient, case ignored */
	const char *bare;       /* the same as a user of this host, or NULL */
	bool own;
	uid_t uid;
	uint64_t last; /* 0 to begin */
	size_t max;
	char notice[sizeof("%.@%") + QUEUE_ID_TEXT]; /* set by the search */
};

/* Messages in the queue: their ids, ids having room for max. */
int store_trace_messages(struct store *s, struct store_trace *t, uint64_t *ids,
    size_t *n, struct err *e);

/* The journal, oldest first; what row is given lives until it returns. */
typedef void store_event_row(void *arg, const struct store_event *ev);
int store_trace_events(struct store *s, struct store_trace *t,
    store_event_row *row, void *arg, struct err *e);

/* ---- listings ---- */

/*
 * Walks up to max messages with an id greater than last, by id; only those of
 * uid when own is set.  row is called once for each recipient, a message's
 * together; what it is given lives until it returns.  last becomes the id of
 * the last message walked; it stays when there was none.  This is what mailq
 * of a million messages runs on: no allocation a row, one statement a slice.
 */
typedef void store_list_row(
    void *arg, const struct store_message *m, const struct store_rcpt *r);
struct store_walk {
	uint64_t last;
	bool own;
	uid_t uid;
	size_t max;
};
int store_list(struct store *s, struct store_walk *walk, store_list_row *row,
    void *arg, struct err *e);

struct store_totals {
	uint64_t messages, octets;
	uint64_t waiting, held, uncertain; /* messages */
	int64_t oldest_at;
};
int store_totals(struct store *s, struct store_totals *t, struct err *e);

/* What is free within the file, which does not shrink as messages leave it. */
int store_room(const struct store *s, uint64_t *octets, struct err *e);
/* Messages that the account has yet to send, held ones apart. */
int store_account_waiting(
    struct store *s, const char *account, uint64_t *messages, struct err *e);

/* Of the account's mail, alarms apart, what is due and came before that one. */
int store_due_before(struct store *s, const struct store_message *m,
    int64_t now, uint64_t *n, struct err *e);

/* ---- accounts ---- */

/* What the schedule knows of an account; kept over restarts. */
struct store_account {
	char *name;
	enum account_state state; /* ready, backoff, held */
	int64_t since;
	int64_t next_at;   /* end of the back-off, or next try of a hold */
	unsigned failures; /* in a row, for the doubling */
	unsigned code;
	char status[ERR_STATUS_MAX];
	char *text, *meaning, *fix;
	int64_t last_success_at;
};
void store_account_clear(struct store_account *a);
int store_account_get(struct store *s, const char *name,
    struct store_account *a, struct err *e); /* 1, 0 when new, -1 */
int store_account_put(
    struct store *s, const struct store_account *a, struct err *e);

/* The ledger of budgets: what was sent in a second. */
int store_budget_add(struct store *s, const char *key, int64_t at,
    unsigned messages, unsigned recipients, struct err *e);
/* One message that was counted at the one instant counts at the other. */
int store_budget_later(struct store *s, const char *key, int64_t from,
    int64_t to, unsigned recipients, struct err *e);
typedef void store_budget_row(
    void *arg, int64_t at, unsigned messages, unsigned recipients);
int store_budget_each(struct store *s, const char *key, int64_t since,
    store_budget_row *f, void *arg, struct err *e);

/* Of all keys that begin with prefix, which ends in a blank; rest: its end. */
typedef void store_budget_rest(void *arg, const char *rest, int64_t at,
    unsigned messages, unsigned recipients);
int store_budget_each_of(struct store *s, const char *prefix, int64_t since,
    store_budget_rest *f, void *arg, struct err *e);
int store_budget_forget(struct store *s, int64_t before, struct err *e);

/* Small facts by name, such as "paused".  get: 1 with *value, 0, -1. */
int store_fact_get(
    struct store *s, const char *name, char **value, struct err *e);
int store_fact_put(
    struct store *s, const char *name, const char *value, struct err *e);
int store_fact_delete(struct store *s, const char *name, struct err *e);

/*
 * Names that begin with prefix, which ends in a blank: up to max of them, in
 * order; and giving all of them another prefix, of which there are none yet.
 */
int store_fact_names(struct store *s, const char *prefix, size_t max,
    struct strlist *names, struct err *e);
int store_fact_rename(
    struct store *s, const char *from, const char *to, struct err *e);

/* Forgets those of such names whose value is an instant before that one. */
int store_instants_forget(
    struct store *s, const char *prefix, int64_t before, struct err *e);

#endif
