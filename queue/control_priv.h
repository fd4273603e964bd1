/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_CONTROL_PRIV_H
#define QUEUE_CONTROL_PRIV_H

#include <sys/queue.h>

#include "common/proto_ctl.h"
#include "queue/control.h"
#include "queue/door_trouble.h"
#include "queue/store.h"

/*
 * One control client.  control.c reads its request and moves its bytes; what
 * goes out is made by a source, which is asked for more whenever the socket
 * has taken what there was.
 */
struct client;

/* Appends more to c->out; sets c->is_done with the last of it. */
typedef void client_source(struct client *c);

struct client {
	TAILQ_ENTRY(client) entry;
	struct control *control;
	struct control_parts own_parts; /* a commit may outlive the control */
	const struct control_parts *parts;
	int fd;
	uid_t uid;
	bool may_all; /* root, queue.user, queue.admin_group */
	struct event *readable, *writable;
	struct buf in, out;
	struct ctl_request request;
	bool has_request;
	bool is_done;
	bool is_waiting; /* for a commit: the source is not asked */
	bool is_gone;    /* closed meanwhile: free after the commit */
	bool is_asleep;  /* until something has changed: nor then */
	client_source *source;

	int64_t off_since; /* queue.delivery; 0: on, or nobody knows */

	/* where the sources are */
	uint64_t cursor; /* last message walked */
	size_t next_id;  /* in request.ids */
	size_t changed;
	uint64_t *first; /* as struct act has it, over all slices */
	bool has_unknown, has_busy;
	bool has_collected; /* control_devices.c */
	uint32_t next_chunk;
	struct buf pending;      /* frames of one message's recipients */
	struct trace *trace;     /* control_trace.c */
	struct follow *follow;   /* control_follow.c */
	struct metrics *metrics; /* control_metrics.c */
	struct store_failures failures;
	struct ctl_message message;
	int rank;        /* of the message's state so far */
	int64_t soonest; /* something comes of it; INT64_MAX: not by itself */

	/* control_turn.c; by account: messages that go before the one at hand
	 */
	uint64_t *ahead;
	size_t counted; /* account of the one at hand, or SIZE_MAX */
};

#define CLIENT_OUT_MAX (4 * 1024 * 1024)
#define CLIENT_SLICE   256 /* messages a turn */

/* Ends the answer. */
void client_done(struct client *c, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void client_say(struct client *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* After a commit: the source is asked again. */
void client_resume(struct client *c);

/*
 * One that is_asleep is asked again after any commit, since that may have
 * changed what it looks at, and when somebody wakes it.
 */
void client_wake(struct client *c);

/* One slice: what to change, and what to say of it after the commit. */
struct act {
	struct client *client;
	int64_t now;
	uint64_t ids[CLIENT_SLICE];
	size_t n;
	uint64_t done[CLIENT_SLICE]; /* those that were changed */
	size_t changed;
	bool has_unknown;
	bool has_busy; /* one was left alone, since it is being delivered */
	bool has_held; /* the message at hand has a recipient that is held */
	struct strlist said;
	uint64_t *first; /* by account: its first message changed, or 0 */
	struct {
		uint64_t who; /* queue/submitter.h */
		uint64_t octets;
	} gone[CLIENT_SLICE]; /* messages that left the queue */
	size_t ngone;
};

/* In a transaction: changes one message, or says why not. */
int act_on_message(struct act *a, uint64_t id, struct err *e);

/* When mail of that account that is due goes: "now", or what it waits for. */
const char *act_when(const struct client *c, const char *account);

/* After the commit: who did what to which message. */
void act_log(const struct act *a);

/* The sources. */
client_source source_list; /* control_list.c */
client_source source_show;
client_source source_trace;   /* control_trace.c */
client_source source_act;     /* control_act.c, control_change.c */
client_source source_status;  /* control_status.c */
client_source source_metrics; /* control_metrics.c */
client_source source_legacy;  /* control_legacy.c */
client_source source_check;   /* control_check.c */
client_source source_follow;  /* control_follow.c */
client_source source_devices; /* control_devices.c */

/*
 * One message with its recipients: 1, 0 when it is not there for whoever asks,
 * -1.  And the same with its attempts.
 */
int client_put_state(struct client *c, uint64_t id, struct err *e);
int client_put_message(struct client *c, uint64_t id, struct err *e);

/* An event of the journal as a row. */
void client_put_event(struct client *c, const struct store_event *ev);

/*
 * Fills out's words and next_at for a recipient as it is, which its other
 * members know nothing of (control_why.c).
 */
void client_explain(const struct client *c, const struct store_message *m,
    const struct store_rcpt *r, struct ctl_recipient *out);

/* The index of the account of that name; SIZE_MAX: there is none. */
size_t client_account(const struct client *c, const char *name);

/* m comes next: how many go before it? */
void client_line_up(struct client *c, const struct store_message *m);

/* When its turn comes, by what client_line_up has counted; 0: nobody knows. */
int64_t client_turn(const struct client *c, const struct store_message *m);

/* A local sender lies in the store as a bare name; to be freed. */
char *client_full_sender(const struct client *c, const char *sender);

void trace_free(struct trace *t); /* NULL is fine */
void follow_free(struct follow *f);
void metrics_free(struct metrics *m);

/* Totals and verdict, as both listings and status end with them. */
void status_put_totals(struct client *c);

/* control_listen.c: their rows, and what makes the verdict worse. */
void status_put_listeners(struct client *c);
typedef void status_trouble(void *arg, const struct door_trouble *t);
void status_judge_listeners(struct client *c, status_trouble *row, void *arg);

/* control_token.c */
void status_put_tokens(struct client *c);
void status_put_token(struct client *c, size_t account);

/* What ends of an account, as far as it is known without the calendar. */
void status_put_ends(struct client *c, size_t account);

/*
 * An account's name for people, from the one in the store; valid as long as
 * the configuration and what was given are.
 */
const char *status_account_name(const struct client *c, const char *stored);

#endif
