/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DISPATCH_H
#define QUEUE_DISPATCH_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/proto_job.h"
#include "queue/share.h"
#include "queue/store.h"

struct ask;
struct batch;
struct bounce;
struct event_base;
struct legacy;
struct limits;
struct proved;
struct signin;
struct times;

/*
 * Delivery as the queue process runs it: for each account, whether mail may
 * go now (the schedule's rules), which message is next, and what follows from
 * how a try went.  The account is the unit of everything here: one that is
 * held or backs off delays nobody else's.
 */
struct dispatch;

/*
 * Connections at once, of all accounts, each a process of deliver; where more
 * accounts have mail they take turns.
 */
#define DISPATCH_CONNECTIONS 64

struct dispatch_parts {
	struct event_base *base;
	const struct conf *conf;
	struct times *times;
	struct store *store;
	struct batch *batch;
	struct ask *ask;
	struct limits *limits;
	struct bounce *bounce;
	struct proved *proved;
};
struct dispatch *dispatch_new(
    const struct dispatch_parts *parts, struct err *e);
void dispatch_free(struct dispatch *d);

/* Something may have become due: for one account, or (NULL) for all. */
void dispatch_kick(struct dispatch *d, const char *account);

/* "mailchute pause": no new message goes out until resumed. */
void dispatch_set_paused(struct dispatch *d, int64_t since); /* 0: goes on */
bool dispatch_is_paused(const struct dispatch *d);
int64_t dispatch_paused_since(const struct dispatch *d);

/*
 * One attempt now for the i-th account if it backs off, or with also_held is
 * held: true when it did.  That message goes next, whatever the account's
 * state; 0: any.
 */
bool dispatch_probe(
    struct dispatch *d, size_t i, bool also_held, uint64_t first);
void dispatch_probe_all(struct dispatch *d, bool also_held);

/*
 * "mailchute legacy on" for so long, or off with 0, for the i-th account, whose
 * account.legacy is fallback.  On disk with dispatch_save.
 */
void dispatch_set_legacy(struct dispatch *d, size_t i, int64_t for_s);
int dispatch_save(struct dispatch *d, size_t i, struct err *e); /* in a batch */

/*
 * At the start, where an account may use the legacy endpoint: would the system
 * let TLS 1.0 come about?  What it answers is logged, and in the view.
 */
void dispatch_try_tls(struct dispatch *d);

/*
 * From now on access tokens are looked after with no mail waiting, too: a
 * refresh token dies when it is not used.
 */
void dispatch_keep_tokens(struct dispatch *d);

/*
 * Signs in by the i-th account, as for mail, and ends again if there is none;
 * a session that is there already serves.  What comes of it counts as with
 * mail: a refused sign-in holds the account.  Told once, at once or later, with
 * why NULL where it went well; session is NULL, too, when nothing was tried,
 * since the account is held, or since there is no room.
 */
typedef void dispatch_checked(
    void *arg, const struct job_ready *session, const struct job_result *why);
void dispatch_check(
    struct dispatch *d, size_t i, dispatch_checked *f, void *arg);

/* The clock was set, and the queue has followed: so do the accounts. */
void dispatch_move_times(struct dispatch *d, int64_t by_s);

/* Is this message with a deliver process right now? */
bool dispatch_has(const struct dispatch *d, uint64_t message);

/* By which session, and of which account: NULL when none is there yet. */
const struct job_ready *dispatch_session(const struct dispatch *d,
    uint64_t message, const struct conf_account **account);

/*
 * Begins the end: nothing new is handed over and idle sessions say QUIT.
 * is_idle tells when no deliver process is left.
 */
void dispatch_stop(struct dispatch *d);
bool dispatch_is_idle(const struct dispatch *d);

/* Called whenever a deliver process has ended or no mail is due. */
typedef void dispatch_rest(void *arg);
void dispatch_on_rest(struct dispatch *d, dispatch_rest *f, void *arg);

/*
 * Called when the health of the i-th account has changed, with held 0, and
 * when a try of its mail left that message held, which queue.uncertain had not
 * asked for.
 */
typedef void dispatch_trouble(void *arg, size_t i, uint64_t held);
void dispatch_on_trouble(struct dispatch *d, dispatch_trouble *f, void *arg);

/* For status and listings: what is known of the i-th account. */
struct dispatch_view {
	const struct conf_account *conf;
	const struct store_account *known;
	const char *state; /* "ready", "backoff", "held", "budget" */
	int64_t since;     /* of that state */
	int64_t next_at;
	int64_t tried_at;  /* when a message was last tried; 0: not yet */
	bool is_day_spent; /* of "budget": recipients_per_day, not rate */
	unsigned connections;
	unsigned connections_max; /* for now */
	uint64_t sent_minute, sent_day, rcpts_day;
	uint64_t sent_window; /* of account.rate; a minute for "none" */
	char relay[256];
	char tls[16];
	unsigned old_tls; /* sessions below TLS 1.2 that are open */
	const struct legacy *legacy;
	const struct signin *signin; /* NULL: it asks for no tokens */
	bool is_away;          /* the next connection goes to the legacy host */
	const char *forbidden; /* why TLS 1.0 cannot come about; or NULL */
};
size_t dispatch_accounts(const struct dispatch *d);
void dispatch_view(const struct dispatch *d, size_t i, struct dispatch_view *v);

/*
 * How that submitter stands in the account's day; false: there is no such
 * account. And the user after that one, of those that sent in it:
 * queue/share.h.
 */
bool dispatch_share(const struct dispatch *d, const char *account, uint64_t who,
    struct share *out);
bool dispatch_share_next(
    const struct dispatch *d, size_t i, int64_t after, struct share *out);

/*
 * When a message of the i-th account that is due goes, if so many go before it
 * and nothing but the budget keeps them.
 */
int64_t dispatch_expect(const struct dispatch *d, size_t i, uint64_t before);

/* Is mail of the i-th account due, of a user who may send? */
bool dispatch_has_due(const struct dispatch *d, size_t i);

#endif
