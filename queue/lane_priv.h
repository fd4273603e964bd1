/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LANE_PRIV_H
#define QUEUE_LANE_PRIV_H

#include "queue/account.h"
#include "queue/ask.h"
#include "queue/lane.h"
#include "queue/settle.h"
#include "queue/submitter.h"
#include "queue/worker.h"

/*
 * A lane in full, for the files that are the lane: lane.c knows the moment,
 * lane_next.c chooses the message, lane_share.c knows whose may go, and
 * lane_denied.c under which address, lane_worker.c keeps the connections,
 * lane_token.c has the access token that they sign in with,
 * lane_check.c makes some that no mail asks for, lane_legacy.c knows by which
 * endpoint, lane_merge.c lets notices go as one report, lane_try.c sees one try
 * through to the disk, lane_failed.c notes those that ended before,
 * lane_health.c keeps the account's record.
 */
#define LANE_WORKERS_MAX 16 /* account.connections allows no more */
#define LANE_WATCHES_MAX 8
#define LANE_STAMP_MAX   96 /* four numbers */

struct lane {
	struct dispatch_parts parts;
	const struct lane_calls *calls;
	void *arg;
	struct settle settle;
	struct account account;
	struct worker *workers[LANE_WORKERS_MAX]; /* those closing too */
	size_t nworkers;
	struct job *settling[LANE_WORKERS_MAX]; /* results not yet on disk */
	size_t nsettling;
	uint64_t last;        /* round robin: queue/submitter.h */
	uint64_t last_probed; /* each probe takes another message */
	uint64_t kept_probed; /* the same as the store has it */
	bool was_alarm;       /* it was one, and so may the next one be */
	uint64_t wanted;      /* goes next: somebody named it; 0: none */
	uint64_t started_for; /* the message that the last connection is for */
	struct event *timer;
	struct lane_token *token; /* NULL: the account asks for none */
	bool has_stamp;
	bool is_stamp_news;         /* and not in the store yet */
	char stamp[LANE_STAMP_MAX]; /* of the secret that was refused */
	struct buf ticket; /* to resume TLS from; "" when there is none */
	bool has_given;    /* a message, since the last connection was begun */
	bool yields;       /* the next idle one goes then, for another lane */
	bool is_saving;
	bool is_merging;  /* notices become a report: nothing new is given */
	unsigned npassed; /* messages that wait for an answer to another */
	struct strlist proved; /* From addresses that the server has taken */
	uint64_t alone;        /* a notice found to have no company; 0: none */
	struct lane_watch {
		dispatch_checked *f;
		void *arg;
	} watches[LANE_WATCHES_MAX]; /* want to hear how a sign-in goes */
	size_t nwatches;
	bool is_for_check; /* the connection that starts now is for them */
	bool is_closed;    /* paused, off, or ending: nothing new goes out */
};

/* lane_next.c */

/*
 * What is under way: with a worker, or on its way to the disk.  Never more
 * than LANE_WORKERS_MAX, so that each job finds its place in settling.
 */
size_t lane_busy(const struct lane *l, uint64_t ids[LANE_WORKERS_MAX]);

/* The next message to try: 1 with its id and uid, 0 with wake_at, -1. */
int lane_find_due(
    struct lane *l, int64_t now, struct store_due *due, struct err *e);

/*
 * Which message a probe took last is kept as long as the account waits: saved
 * with its record, and found again at the start.
 */
int lane_save_probed(struct lane *l, struct err *e);
int lane_load_probed(struct lane *l, struct err *e);

/* Of how many recipients it may go, once the account is open. */
size_t lane_max_rcpts(struct lane *l, const struct store_due *due, int64_t now);

/* lane_share.c */
bool lane_may(void *lane, uint64_t who); /* send more of his mail */
void lane_sent(struct lane *l, struct job *j, int64_t now);
void lane_ended(struct lane *l, struct job *j, int64_t now);

/* lane_denied.c */
enum lane_from {
	FROM_UNKNOWN, /* *e is filled */
	FROM_FINE,
	FROM_WAITS,  /* for the answer to another of this From */
	FROM_REFUSED /* for lane_refuse_from */
};
enum lane_from lane_look_at_from(
    struct lane *l, struct job *j, int64_t now, struct err *e);
void lane_refuse_from(struct lane *l, struct job *j); /* ends the job */

/* What its results say of the From; before they are written. */
void lane_judge_from(struct lane *l, struct job *j);

/* lane_worker.c: one that goes where mail goes now */
struct worker *lane_idle_worker(const struct lane *l);
bool lane_may_start(struct lane *l);
int lane_start_worker(struct lane *l, struct err *e);

/* Sessions without mail to come are of no use while nothing may go. */
void lane_quit_idle(struct lane *l);
void lane_quit_elsewhere(struct lane *l); /* idle, at the wrong endpoint */

/* The account was held: what was handed over and not begun comes back. */
void lane_recall(struct lane *l);

/* lane_health.c */
void lane_save(struct lane *l);
void lane_account_trouble(
    struct lane *l, const struct job_result *why, int64_t now);
void lane_trouble(struct lane *l, const struct job_ready *session,
    const struct job_result *why);
void lane_ours_failed(struct lane *l, const struct err *e);
void lane_hosts_passed(struct lane *l, const struct job_ready *session);
void lane_session_ended(struct lane *l, const struct job_ready *session,
    const struct job_result *why);
void lane_look_at_secret(struct lane *l, int64_t now);
void lane_note_secret(struct lane *l); /* it was refused */
int lane_save_secret(struct lane *l, struct err *e);
int lane_load_secret(struct lane *l, struct err *e);

/*
 * lane_merge.c: true when the job, whose turn it was, is a notice that is being
 * merged with others; the lane goes on by itself after that.
 */
bool lane_merge(struct lane *l, const struct job *j, int64_t now);

/* lane_legacy.c */
bool lane_is_away(const struct lane *l, int64_t now);
void lane_legacy_look(struct lane *l, int64_t now); /* is the stay over? */

/* A session is there, or its handshake was, or it was not. */
void lane_legacy_met(struct lane *l, const struct job_ready *session);

/*
 * A try has failed: what that says of TLS.  *why gets the hint.  Once for each,
 * before the account's record changes.
 */
void lane_legacy_heard(
    struct lane *l, const struct job_ready *session, struct job_result *why);
void lane_legacy_failed(struct lane *l); /* which said nothing of it */

/* The server has judged a message. */
void lane_well(struct lane *l, const struct job_ready *session);
/* lane_check.c: a connection for them, if there is none; what came of it. */
void lane_check_start(struct lane *l);
void lane_check_tell(struct lane *l, const struct job_ready *session,
    const struct job_result *why);

/*
 * lane_token.c: may a connection begin, as far as its token goes?  Where there
 * is none to begin with it is asked for, or what keeps it from coming becomes
 * the account's trouble; *at is when to look again, if that is known.
 */
bool lane_token_may_start(struct lane *l, int64_t now, int64_t *at);

/*
 * What lasts is the account's trouble with no mail due, too: somebody has to
 * act, and the sooner he hears of it the better.
 */
void lane_token_tell(struct lane *l, int64_t now);

/* With no mail waiting, too: what is to be asked for by itself. */
void lane_token_look(struct lane *l, int64_t now);

/*
 * A connection has failed: true when the token was refused, and it is to be
 * tried once more with another.  Else *why has what was doubtful of the token.
 */
bool lane_token_refused(struct lane *l, struct job_result *why);
void lane_token_taken(struct lane *l); /* the server has let us in */
void lane_token_allow(struct lane *l, int64_t now); /* one attempt now */
void lane_token_move_times(struct lane *l, int64_t by_s);
const struct signin *lane_token_signin(const struct lane *l);
int lane_token_new(struct lane *l, struct err *e);
void lane_token_free(struct lane *l);

/* lane_failed.c */
void lane_failed_try(struct lane *l, const struct job_ready *session,
    const struct job_result *why);

/* lane_try.c */
void lane_claim(struct lane *l, struct job *j);
void lane_settle(struct lane *l, struct job *j);

#endif
