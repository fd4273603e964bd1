/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_CTL_H
#define COMMON_PROTO_CTL_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/frame.h"
#include "common/strlist.h"

/*
 * The control contract: what mailq, mailchute and sendmail -q ask of
 * mailchuted, on the socket "control" or on a socketpair (docs/protocol.md).
 * One request a connection: the client sends REQUEST, the daemon answers with
 * frames and ends with DONE.  Rights come from the peer's credentials.
 */

#define CTL_VERSION 6
#define CTL_IDS_MAX 1000
#define CTL_FD      3 /* where --answer finds its client */

enum ctl_type {
	CTL_REQUEST = 1,
	CTL_MESSAGE,   /* a message, followed by its recipients */
	CTL_RECIPIENT, /* belongs to the message before it */
	CTL_ATTEMPT,   /* "show": one try, oldest first */
	CTL_BODY,      /* "show --body": raw */
	CTL_ACCOUNT,   /* "status" */
	CTL_SAID,      /* one line of what was done, for people */
	CTL_TOTALS,
	CTL_DONE,
	CTL_EVENT,   /* "trace": how a recipient's mail ended */
	CTL_ALARM,   /* "status": one that lasts */
	CTL_SESSION, /* "check": how a sign-in went; "test": by which it goes */
	CTL_TOKEN,   /* "status": of an account that gets its own */
	CTL_EXPIRY,  /* "status": what ends, of the accounts above */
	CTL_DEPTH,   /* "metrics": messages of one state */
	CTL_LEDGER,  /* "metrics": how an account's recipients fared */
	CTL_HOST,    /* "metrics": disks, drop folder, the daemon itself */
	CTL_DEVICE,  /* "devices": one that sends by a listener */
	CTL_LISTENER /* "status": one of [listen NAME] */
};

enum ctl_verb {
	CTL_LIST = 1, /* messages with recipients, by arrival */
	CTL_SHOW,
	CTL_HOLD,
	CTL_RELEASE,
	CTL_RETRY,
	CTL_REMOVE,
	CTL_PAUSE,
	CTL_RESUME,
	CTL_STATUS,
	CTL_FLUSH,   /* sendmail -q and its variants */
	CTL_TRACE,   /* what became of it, finished mail too */
	CTL_LEGACY,  /* by which endpoint an account's mail goes */
	CTL_CHECK,   /* signs in by each account that may, and sends nothing */
	CTL_FOLLOW,  /* one message, until its end or for so long */
	CTL_METRICS, /* all that CTL_STATUS tells, and figures besides */
	CTL_DEVICES  /* who sends by the listeners */
};

/* Does it change nothing, so that a reader can answer it? */
bool ctl_is_question(enum ctl_verb verb);

struct ctl_request {
	enum ctl_verb verb;
	struct strlist ids; /* queue ids */
	bool all;
	bool body;      /* with CTL_SHOW */
	char *match_id; /* CTL_FLUSH: -qI, -qR, -qS: a part of the text */
	char *match_rcpt;
	char *match_sender;
	char *word;     /* CTL_TRACE: a queue id, a Message-ID or an address */
	char *account;  /* CTL_LEGACY: NULL: each that may */
	uint64_t for_s; /* CTL_LEGACY: 0: off; CTL_FOLLOW: so long */
};
void ctl_request_clear(struct ctl_request *r);
int ctl_put_request(struct buf *b, const struct ctl_request *r);
int ctl_get_request(
    const struct frame *f, struct ctl_request *r, struct err *e);

/*
 * Reading starts from nothing, so that a struct need not be cleared before;
 * after -1 there is nothing in it to clear.
 *
 * Rows.  Strings are owned by the struct and may be NULL; times are wall
 * seconds, 0 for "none".  States are the names in queue/state.c.
 */
struct ctl_message {
	char *id; /* 12 hex digits */
	char *state;
	char *sender; /* "" is the null sender */
	char *account;
	char *message_id;
	uint64_t size;
	int64_t arrived_at;
	uint64_t attempts;
	uid_t uid;
	char *kind; /* "mail", "bounce" or "alarm" */
};
void ctl_message_clear(struct ctl_message *m);
int ctl_put_message(struct buf *b, const struct ctl_message *m);
int ctl_get_message(
    const struct frame *f, struct ctl_message *m, struct err *e);

struct ctl_recipient {
	char *address;
	char *original; /* as submitted, where aliases changed it */
	char *state;
	uint64_t code;
	char *status;
	char *text;    /* the server's words, or ours */
	char *meaning; /* what it means, in plain words */
	char *fix;     /* what to do */
	int64_t next_at;
	int64_t since; /* what keeps it has lasted; 0: since it arrived */
};
void ctl_recipient_clear(struct ctl_recipient *r);
int ctl_put_recipient(struct buf *b, const struct ctl_recipient *r);
int ctl_get_recipient(
    const struct frame *f, struct ctl_recipient *r, struct err *e);

struct ctl_attempt {
	int64_t at;
	char *address; /* recipient */
	char *outcome; /* docs/protocol.md lists them */
	char *relay;
	char *tls;
	uint64_t code;
	char *status;
	char *text;
};
void ctl_attempt_clear(struct ctl_attempt *a);
int ctl_put_attempt(struct buf *b, const struct ctl_attempt *a);
int ctl_get_attempt(
    const struct frame *f, struct ctl_attempt *a, struct err *e);

/* The journal's word on one recipient; it outlives the message. */
struct ctl_event {
	int64_t at;
	char *what; /* "delivered", "bounced", "expired", "removed" */
	char *id;
	char *sender; /* "" is the null sender */
	char *address;
	char *original; /* of an alias or a redirect, or NULL */
	char *account;
	char *message_id;
	char *relay;
	uint64_t code;
	char *status;
	char *text;
	uint64_t size;
	int64_t arrived_at;
	uid_t uid; /* who submitted it */
};
void ctl_event_clear(struct ctl_event *ev);
int ctl_put_event(struct buf *b, const struct ctl_event *ev);
int ctl_get_event(const struct frame *f, struct ctl_event *ev, struct err *e);

struct ctl_account {
	char *name;
	char *state; /* ready, backoff, held, budget */
	int64_t since;
	uint64_t code;
	char *status;
	char *text;
	char *meaning;
	char *fix;
	int64_t next_at;
	uint64_t waiting; /* messages */
	uint64_t sent_minute, sent_day, rcpts_day;
	uint64_t connections;
	uint64_t rate_count; /* the limits they run against; 0: none */
	int64_t rate_per_s;
	uint64_t rcpts_max;
	uint64_t connections_max;
	char *relay;
	char *tls;
	char *legacy;      /* off, fallback, always */
	char *legacy_host; /* where the next connection goes, or NULL */
	int64_t legacy_since, legacy_until; /* of a stay there that ends */
	uint64_t old_tls; /* sessions below TLS 1.2 that are open */
	uint64_t old_tls_ever;
	uint64_t sent_window; /* messages, in account.rate's; none: a minute */
};
void ctl_account_clear(struct ctl_account *a);
int ctl_put_account(struct buf *b, const struct ctl_account *a);
int ctl_get_account(
    const struct frame *f, struct ctl_account *a, struct err *e);

/* An alarm that lasts; docs/protocol.md lists the kinds. */
struct ctl_alarm {
	char *kind;
	char *account; /* or NULL: of none */
	int64_t since;
	char *text;
	char *fix;
};
void ctl_alarm_clear(struct ctl_alarm *a);
int ctl_put_alarm(struct buf *b, const struct ctl_alarm *a);
int ctl_get_alarm(const struct frame *f, struct ctl_alarm *a, struct err *e);

/* What became of the envelopes that "check" had said: struct job_probe. */
struct ctl_probe {
	char *took;
	char *sender; /* refused; NULL: none was */
	char *phase;
	uint64_t code;
	char *status, *text, *meaning, *fix;
};

/* How an account's sign-in went (proto_ctl_session.c). */
struct ctl_session {
	char *account; /* as configured */
	char *relay;   /* which host was reached, or NULL: none was */
	char *address; /* numeric, with port */
	char *said;    /* why others were not */
	char *tls;     /* "TLSv1.3" */
	char *cipher;
	char *issuer;
	int64_t cert_until;
	char *offers;
	uint64_t size_max;
	char *user;  /* who signed in, or NULL: nobody had to */
	char *phase; /* that failed; NULL: none did */
	uint64_t code;
	char *status, *text, *meaning, *fix;
	struct ctl_probe probe; /* all NULL where nothing was probed */
	/* What time the greeting told, and what time it was; 0: not told. */
	int64_t server_at, greeted_at;
};
void ctl_session_clear(struct ctl_session *s);
int ctl_put_session(struct buf *b, const struct ctl_session *s);
int ctl_get_session(
    const struct frame *f, struct ctl_session *s, struct err *e);

/*
 * An account's access token, never the token itself (proto_ctl_token.c); and
 * something that it signs in with, and when that ends.
 */
struct ctl_token {
	char *account;
	char *grant;
	int64_t until;        /* 0: there is none that is good */
	int64_t refreshed_at; /* when the last one was asked for */
	int64_t next_at;      /* 0: when mail is due */
	uint64_t failures;    /* in a row, since then */
	char *text, *fix;     /* of the last of them */
	char *meaning;
	/* What the token says of itself, as struct token_claims has it. */
	char *aud, *roles, *scp, *appid, *oid, *tid, *upn;
	char *doubt, *doubt_fix; /* what makes a refusal of it likely */
	/* The endpoint's clock at the last answer, and ours; 0: not known. */
	int64_t server_at, asked_at;
};
void ctl_token_clear(struct ctl_token *t);
int ctl_put_token(struct buf *b, const struct ctl_token *t);
int ctl_get_token(const struct frame *f, struct ctl_token *t, struct err *e);

struct ctl_expiry {
	char *account;
	char *what; /* docs/protocol.md lists them, and the sources */
	int64_t at;
	char *source;
	char *text, *fix; /* NULL of what ends all the time */
	bool is_soon;     /* it makes the verdict a warning */
};
void ctl_expiry_clear(struct ctl_expiry *x);
int ctl_put_expiry(struct buf *b, const struct ctl_expiry *x);
int ctl_get_expiry(const struct frame *f, struct ctl_expiry *x, struct err *e);

/* For "metrics" (proto_ctl_metrics.c). */
struct ctl_depth {
	char *account; /* NULL: the whole queue */
	char *state;
	uint64_t messages, octets;
};
void ctl_depth_clear(struct ctl_depth *d);
int ctl_put_depth(struct buf *b, const struct ctl_depth *d);
int ctl_get_depth(const struct frame *f, struct ctl_depth *d, struct err *e);

/* How recipients fared since ctl_host.started_at; 0 without a daemon. */
struct ctl_ledger {
	char *account;
	uint64_t delivered, deferred, uncertain, bounced, expired, removed;
};
void ctl_ledger_clear(struct ctl_ledger *l);
int ctl_put_ledger(struct buf *b, const struct ctl_ledger *l);
int ctl_get_ledger(const struct frame *f, struct ctl_ledger *l, struct err *e);

struct ctl_host {
	int64_t started_at;
	uint64_t queue_size, queue_free; /* octets; size 0: not known */
	uint64_t drop_size, drop_free;
	uint64_t free_min;                   /* queue.free_space_min */
	bool has_drops;                      /* the drop folder could be read */
	uint64_t drops_waiting, drops_aside; /* files */
};
int ctl_put_host(struct buf *b, const struct ctl_host *h);
int ctl_get_host(const struct frame *f, struct ctl_host *h, struct err *e);

/* Who sends by a listener (proto_ctl_device.c); docs/schema.md says more. */
struct ctl_device {
	char *listener;
	char *address;
	char *login;        /* "": it did not sign in */
	char *name;         /* by itself; "": none */
	char *tls, *cipher; /* of its last message; "": none */
	bool is_old;        /* that is none, or below 1.2 */
	int64_t old_at;     /* the last message like that */
	int64_t first_at, last_at;
	uint64_t messages, failures;
	int64_t error_at;
	char *error;
};
void ctl_device_clear(struct ctl_device *d);
int ctl_put_device(struct buf *b, const struct ctl_device *d);
int ctl_get_device(const struct frame *f, struct ctl_device *d, struct err *e);

/*
 * A listener (proto_ctl_listener.c): its socket, its clients and, where it has
 * TLS, its certificate.  docs/protocol.md lists the states of both.
 */
struct ctl_listener {
	char *name;
	char *address; /* numeric */
	uint64_t port;
	bool is_lent; /* the service manager's socket */
	char *state;  /* open, stuck, shut */
	int64_t since;
	char *text, *fix; /* why it is not open */
	char *tls;        /* as configured */
	char *tls_min;    /* NULL without TLS */
	char *auth;
	uint64_t connections, connections_max;
	uint64_t messages, turned_away, refused;
	char *pair; /* good, kept, missing, unknown; NULL without TLS */
	int64_t pair_since;
	char *pair_text, *pair_fix; /* of what the files hold */
	int64_t ends_at;            /* the certificate in use; 0: not known */
	bool is_soon;               /* it makes the verdict a warning */
	char *ends, *ends_fix;
};
void ctl_listener_clear(struct ctl_listener *l);
int ctl_put_listener(struct buf *b, const struct ctl_listener *l);
int ctl_get_listener(
    const struct frame *f, struct ctl_listener *l, struct err *e);

/* The whole queue's figures, whoever asks. */
struct ctl_totals {
	uint64_t messages;
	uint64_t octets;
	uint64_t waiting, held, failed, uncertain;
	int64_t oldest_at;
	bool paused;       /* by "mailchute pause" */
	bool delivery_off; /* by queue.delivery */
	bool own_only;     /* the listing held the caller's own mail alone */
	char *verdict;     /* ok, warning, critical */
	int64_t since;
	char *reason;   /* the verdict in one sentence */
	bool no_daemon; /* nothing is delivered until one is started */
};
void ctl_totals_clear(struct ctl_totals *t);
int ctl_put_totals(struct buf *b, const struct ctl_totals *t);
int ctl_get_totals(const struct frame *f, struct ctl_totals *t, struct err *e);

/* For "status" they are remarks. */
int ctl_put_said(struct buf *b, const char *line);
char *ctl_get_said(const struct frame *f, struct err *e); /* to be freed */

/* The end: an exit status of sysexits(3), 0 when done, and why not. */
int ctl_put_done(struct buf *b, int status, const char *text);
int ctl_get_done(
    const struct frame *f, int *status, char **text, struct err *e);

#endif
