/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_JOB_H
#define COMMON_PROTO_JOB_H

#include "common/conf.h"
#include "common/envelope.h"
#include "common/frame.h"

/*
 * The delivery contract between mailchuted's queue process and deliver
 * (docs/protocol.md).  deliver is started with the job channel on descriptor
 * JOB_FD and the secret channel on SECRET_FD.
 *
 *	queue:   SESSION [TICKET]               once
 *	deliver: [TICKET] READY | FAILED        FAILED: deliver then exits
 *	                                        so it always does with is_trial
 *	         REFUSED                        so it does then
 *	queue:   MESSAGE [RCPTS...] [BODY... BODY_AGAIN] BODY... BODY_END |
 *	         ABORT, or QUIT
 *	deliver: RESULT...  MESSAGE_DONE        one RESULT a recipient
 *	         [TICKET] CLOSED                the session ended; then it exits
 *
 * Rules that the two keep:
 * - One MESSAGE at a time: the next follows its MESSAGE_DONE.  deliver waits
 *   linger_ms for it (JOB_LINGER_MIN_MS at least, since the queue commits the
 *   results first), then tells CLOSED, says QUIT to the server and exits.
 * - The queue marks the recipients active, and has that committed, before it
 *   sends BODY_END; deliver sends the last octet of the body to the server
 *   only after BODY_END.
 * - The body comes twice when deliver may have to encode it and cannot hold it
 *   (job_is_twice): the first time it finds out what has to be encoded.
 *   Nothing is said to the server, or marked, meanwhile.
 * - ABORT stands where BODY_AGAIN or BODY_END would: the stored body proved
 *   damaged.
 *   deliver closes the connection without completing the message and answers
 *   CLOSED; the queue knows that nothing was delivered.
 * - deliver may send CLOSED instead of an answer to a MESSAGE that it had not
 *   begun; that message spends no attempt.  The same holds when deliver ends
 *   without a word before BODY_END; after it, the message is uncertain.
 * - CLOSED after the RESULTs of a message ends the session too.  Its outcome
 *   says why: JOB_UNTRIED is an ordinary end (QUIT, linger over, the server
 *   closed an idle connection) and no reason to back off, JOB_DEFERRED is
 *   trouble with the connection, JOB_UNCERTAIN that it broke while a message
 *   waited for its answer: trouble when it is not the first time.
 * - TICKET is what a later TLS session with the same server may resume from;
 *   only deliver reads it.  The queue keeps the last one of an account, in
 *   memory, and hands it out once: a server that chokes on it is met anew.
 * - REFUSED answers a SESSION that is not understood: the program on disk was
 *   upgraded while mailchuted ran.  It is the one frame that no version
 *   changes; it touches no message, and backs the account off.
 * - The queue closes the job channel to end deliver at once, in any state.
 *
 * The secret channel: deliver writes one octet 'S'; the parent answers by one
 * fdpass_send (common/fdpass.h): a descriptor to read the secret from, or none
 * and as text SECRET_LATER or SECRET_NEVER, a blank, and the reason.  A text of
 * SECRET_RUNS, a blank and a name says that a command prints it; SECRET_DONE,
 *or a reason as above, follows when that has ended.
 */

#define JOB_VERSION       6
#define JOB_PATIENCE_MS   30000
#define JOB_FD            3
#define SECRET_FD         4
#define SECRET_LATER      '4' /* the reason may pass */
#define SECRET_NEVER      '5' /* an administrator has to mend it */
#define SECRET_RUNS       '+' /* what follows is printed by a command */
#define SECRET_DONE       '0' /* and that has ended well */
#define JOB_LINGER_MIN_MS 1000
#define JOB_RCPTS_MAX     10000       /* of one message */
#define JOB_WHOLE_MAX     (64 * 1024) /* deliver holds such a message whole */
#define JOB_SECRET_MAX    (64 * 1024)
#define JOB_TICKET_MAX    (16 * 1024)

enum job_type {
	JOB_SESSION = 1,
	JOB_READY,
	JOB_FAILED,
	JOB_MESSAGE,
	JOB_RCPTS, /* more recipients of the MESSAGE before it */
	JOB_BODY,  /* raw, at most FRAME_RAW_MAX */
	JOB_BODY_END,
	JOB_ABORT,
	JOB_QUIT,
	JOB_RESULT,
	JOB_MESSAGE_DONE,
	JOB_CLOSED,
	JOB_TICKET,    /* raw, at most JOB_TICKET_MAX */
	JOB_REFUSED,   /* raw: a text */
	JOB_BODY_AGAIN /* the end of the first of two */
};

/* Where deliver gets what it signs in with. */
enum job_secret {
	JOB_SECRET_NONE,
	JOB_SECRET_FD /* one octet 'S' on SECRET_FD brings a descriptor */
};

/*
 * Everything deliver needs to know; strings are owned by the struct.  A get
 * function starts from all zero and needs no clear after it failed.
 */
struct job_session {
	char *account; /* for its log lines */
	enum provider provider;
	struct strlist hosts; /* host or host:port, tried in order */
	unsigned first_host; /* index in hosts to begin with; the order wraps */
	unsigned port;
	enum tls_mode tls;
	unsigned tls_min; /* 12 or 13; at the legacy endpoint alone 10 */
	char *ca_file;    /* NULL: the system's store */
	enum conf_family family;
	char *user;
	enum auth_mech auth;
	enum job_secret secret;
	bool chunking;
	int64_t linger_ms;
	char *helo;
	enum sandbox_mode sandbox;
	/* sender rewriting (mail/rewrite.h) */
	struct strlist senders;
	enum rewrite_mode rewrite;
	bool original_from;
	struct strlist local_names;
	char *domain;
	char *hostname;
	/* logging; CONF_LOG_FILE: stderr is that file, opened by the parent */
	enum conf_log_target log_target;
	unsigned log_level; /* of syslog(3) */
	bool has_ticket;    /* TICKET follows */
	/*
	 * Nothing is connected: would the system let TLS as old as tls_min come
	 * about?  FAILED says so by JOB_UNTRIED, or why not by JOB_REJECTED.
	 */
	bool is_trial;
	/*
	 * Before READY some envelopes are said and taken back: MAIL, RCPT and
	 * RSET, for whoever wants to know whether mail may be sent.
	 */
	bool is_probe;
	/*
	 * The longest that one step may take before READY: JOB_PATIENCE_MS
	 * where somebody looks on; 0: as mail/phase.h has it.
	 */
	int64_t patience_ms;
};
void job_session_clear(struct job_session *s);
int job_put_session(struct buf *b, const struct job_session *s);
int job_get_session(
    const struct frame *f, struct job_session *s, struct err *e);

/* REFUSED: why, in the words of job_get_session. */
int job_put_refused(struct buf *b, const char *text);
int job_get_refused(
    const struct frame *f, char text[ERR_TEXT_MAX], struct err *e);

/*
 * What is_probe has shown.  The first refusal ends it: an address is not to be
 * refused again and again.
 */
struct job_probe {
	char took[512];   /* addresses that may stand in MAIL FROM; or "" */
	char sender[256]; /* the one that was refused; or "" */
	char phase[32];   /* "MAIL FROM", "RCPT TO" */
	unsigned code;    /* of the reply; 0: none came */
	char status[ERR_STATUS_MAX];
	char text[ERR_TEXT_MAX];
	char meaning[256], fix[512]; /* from the verdict table; may be "" */
};

/*
 * What a session turned out to be.  Hosts are tried in order, in a circle from
 * first_host on: those before the one reached were passed over.
 */
struct job_ready {
	char relay[256];  /* name as configured */
	char address[64]; /* numeric, with port */
	char tls[16];     /* "TLSv1.3", or "" */
	char cipher[64];
	uint64_t size_max; /* of EHLO SIZE; 0: not told */
	bool dsn;          /* the server takes DSN parameters */
	unsigned host;     /* index in hosts of the one that was reached */
	unsigned passed;   /* hosts before it that were not; all: none was */
	char said[ERR_TEXT_MAX]; /* why they, and addresses, were not; or "" */
	bool is_8bit;            /* the server takes 8-bit octets (8BITMIME) */
	unsigned tls_level;      /* 10 to 13, once its peer is verified; or 0 */
	/*
	 * FAILED: the handshake ended before any certificate as with a server
	 * that knows no TLS 1.2 (delivery/tls_seen.h).  Anybody on the path can
	 * make that.
	 */
	bool is_tls_old;
	bool is_legacy;     /* not told by deliver: the queue's own word */
	char offers[512];   /* what EHLO announced: "SIZE 1000, DSN"; or "" */
	char issuer[128];   /* who signed the server's certificate; or "" */
	int64_t cert_until; /* when that is over; 0: not known */
	/*
	 * What time the greeting told, and what time it was here; 0: it told
	 * none.  Anybody on the path can write it.
	 */
	int64_t server_at, greeted_at;
	struct job_probe probe;
};
int job_put_ready(struct buf *b, const struct job_ready *r);
int job_get_ready(const struct frame *f, struct job_ready *r, struct err *e);

/*
 * What happened, and whose fault it is.  Scope says how far a failure
 * reaches: a connection failure backs the account off, an account failure
 * holds it, and neither touches a message.
 */
enum job_scope {
	JOB_SCOPE_CONNECTION = 1,
	JOB_SCOPE_ACCOUNT,
	JOB_SCOPE_MESSAGE, /* every recipient of it alike */
	JOB_SCOPE_RECIPIENT
};
enum job_outcome {
	JOB_DELIVERED = 1,
	JOB_DEFERRED,  /* temporary */
	JOB_REJECTED,  /* permanent */
	JOB_UNCERTAIN, /* the answer to the end of data never came */
	JOB_UNTRIED    /* the session broke before its turn: no attempt spent */
};
#define JOB_WAIT_MAX_S (4 * 3600)
struct job_result {
	uint64_t rcpt; /* number given in MESSAGE */
	enum job_outcome outcome;
	enum job_scope scope;
	unsigned code;               /* of the reply; 0 when none was read */
	char status[ERR_STATUS_MAX]; /* RFC 3463 */
	char text[ERR_TEXT_MAX];     /* what followed the code; or our words */
	char phase[32];              /* "RCPT TO", "end of data", ... */
	char meaning[256], fix[512]; /* from the verdict table; may be "" */
	/*
	 * With JOB_SCOPE_ACCOUNT: JOB_REJECTED holds the account until somebody
	 * acts; JOB_DEFERRED holds it for wait_s seconds at least and then
	 * allows one attempt (a lock-out, a spent quota).  With
	 * JOB_SCOPE_CONNECTION wait_s is the least back-off; 0: as scheduled.
	 */
	uint64_t wait_s; /* at most JOB_WAIT_MAX_S */
};

/* FAILED carries a struct job_result whose rcpt is 0, and how far it came. */
int job_put_failed(
    struct buf *b, const struct job_result *r, const struct job_ready *sofar);
int job_get_failed(const struct frame *f, struct job_result *r,
    struct job_ready *sofar, struct err *e);
int job_put_result(struct buf *b, const struct job_result *r);
int job_get_result(const struct frame *f, struct job_result *r, struct err *e);

/* CLOSED: why, for the log and for a back-off; outcome as in FAILED. */
int job_put_closed(struct buf *b, const struct job_result *r);
int job_get_closed(const struct frame *f, struct job_result *r, struct err *e);

/* One message.  rcpt_ids[i] belongs to env.rcpts[i]. */
struct job_message {
	char queue_id[16];
	uint64_t size;  /* octets of the stored message */
	bool is_notice; /* a bounce or report of our own */
	/*
	 * The From address, where the server refuses it to the mailbox: it is
	 * rewritten as by account.rewrite = always.  NULL: as the session says.
	 */
	char *instead_of;
	/* body and smtputf8 apart: what is sent decides these */
	struct envelope env;
	uint64_t *rcpt_ids;
	/*
	 * Of more than JOB_WHOLE_MAX octets: what was found in them
	 * (mail/look.h).  Of others deliver sees it itself.
	 */
	uint64_t eight_at, wrong_at, long_at;
	bool is_twice; /* BODY_AGAIN stands between two of it */
};

/* Whether it comes twice, by what else m says, and the session. */
bool job_is_twice(const struct job_message *m, const struct job_ready *r);

void job_message_clear(struct job_message *m);
/* Appends MESSAGE, and RCPTS frames as far as its recipients need them. */
int job_put_message(struct buf *b, const struct job_message *m);
int job_get_message(
    const struct frame *f, struct job_message *m, struct err *e);
int job_get_rcpts(const struct frame *f, struct job_message *m, struct err *e);

/* MESSAGE_DONE: milliseconds spent, for the log line. */
struct job_done {
	uint64_t wait_ms; /* from MESSAGE to the first command */
	uint64_t envelope_ms;
	uint64_t data_ms;
	uint64_t octets; /* sent as the message */
};
int job_put_done(struct buf *b, const struct job_done *d);
int job_get_done(const struct frame *f, struct job_done *d, struct err *e);

/* A frame without payload: BODY_END, ABORT, QUIT. */
int job_put_empty(struct buf *b, enum job_type type);

#endif
