/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_SUBMIT_H
#define COMMON_PROTO_SUBMIT_H

#include "common/envelope.h"
#include "common/frame.h"

/*
 * The submission contract: what sendmail and smtpd say to mailchuted on the
 * socket "submit", and what a drop file holds (docs/protocol.md).
 *
 *	daemon: GREETING
 *	client: ENVELOPE RCPTS... DATA... END   need not wait for GREETING
 *	daemon: ACCEPTED | REFUSED              REFUSED may come early
 *
 * One message a connection, but behind an ORIGIN (proto_origin.h).  A drop file
 * is the line of common/drop_line.h followed by the client's frames; it is
 * complete when its END is there.
 *
 * The message bytes are in canonical form: lines end in CRLF, and there is no
 * other CR or LF and no NUL.  The daemon refuses anything else.
 */

/*
 * The versions that the daemon takes: drop files, and programs in containers,
 * are older than it is.  Version 1 stays as it is, octet for octet
 * (tests/unit/submit_frozen.c); "Changing a contract" in docs/protocol.md says
 * how another one is made.
 */
#define SUBMIT_VERSION_MIN 1
#define SUBMIT_VERSION     1

#define SUBMIT_ID_LEN    16
#define SUBMIT_RCPTS_MAX 100000

/*
 * A client may have to wait for its own writer in the midst of a message, as
 * one does into which a job pipes what it prints.  It gives the writer up after
 * this, and the daemon waits for the client as long.
 */
#define SUBMIT_WRITER_MS (12 * INT64_C(3600) * 1000)

/* RFC 5321 4.5.3.1.3: a path of 256 octets, without its angle brackets. */
#define SUBMIT_ADDRESS_MAX 254

/* Any other text: as an RFC 5322 line, 2.1.1; no id is longer. */
#define SUBMIT_TEXT_MAX 998

enum submit_type {
	SUBMIT_GREETING = 1, /* fields: SF_VERSION, SF_SIZE_MAX */
	SUBMIT_ENVELOPE,     /* fields: all but recipients */
	SUBMIT_RCPTS,    /* fields: recipients; as many frames as it takes */
	SUBMIT_DATA,     /* raw, at most FRAME_RAW_MAX */
	SUBMIT_END,      /* fields: SF_SIZE */
	SUBMIT_ACCEPTED, /* fields: SF_QUEUE_ID */
	SUBMIT_REFUSED,  /* fields: SF_CLASS, SF_STATUS, SF_TEXT */
	SUBMIT_ORIGIN,   /* common/proto_origin.h */
	SUBMIT_AUTHORS   /* common/proto_authors.h; behind ENVELOPE */
};

enum submit_field {
	SF_VERSION = 1, /* number */
	SF_SIZE_MAX,    /* number of octets; 0: no limit told */
	SF_ID,          /* SUBMIT_ID_LEN octets, random */
	SF_CREATED,     /* number: wall seconds */
	SF_SENDER,
	SF_SENDER_LOCAL, /* empty; its presence says so */
	SF_BODY,         /* number: enum body_type */
	SF_SMTPUTF8,     /* empty */
	SF_RET,          /* number: enum dsn_ret */
	SF_ENVID,
	SF_FROM,
	SF_MESSAGE_ID,
	SF_RCPT,        /* starts a recipient; those below belong to it */
	SF_RCPT_LOCAL,  /* empty */
	SF_RCPT_NOTIFY, /* number: NOTIFY_ bits */
	SF_RCPT_ORCPT,
	SF_SIZE, /* number: octets of all DATA */
	SF_QUEUE_ID,
	SF_CLASS, /* number: enum err_class */
	SF_STATUS,
	SF_TEXT
};

struct submit_head {
	uint8_t id[SUBMIT_ID_LEN];
	int64_t created_at;
	/*
	 * Of all frames of this submission: the lowest that can say what it
	 * says, since an older daemon takes that, too.
	 */
	uint64_t version;
};

/* Appends ENVELOPE, AUTHORS, RCPTS frames; -1 when b's cap is too small. */
int submit_put_envelope(
    struct buf *b, const struct submit_head *head, const struct envelope *env);

/*
 * Reads an ENVELOPE frame into *head and *env (made by envelope_init), or adds
 * the recipients of an RCPTS frame to *env.  Unknown fields, missing ones, a
 * version we do not take, and control bytes in any string are errors: -1 with
 * *e filled (ERR_PERM; ERR_TEMP for a newer version).  Addresses are checked
 * for length and for bytes only; what they mean is the caller's to judge.
 */
int submit_get_envelope(const struct frame *f, struct submit_head *head,
    struct envelope *env, struct err *e);
int submit_get_rcpts(
    const struct frame *f, struct envelope *env, struct err *e);

int submit_put_greeting(struct buf *b, uint64_t size_max);
int submit_get_greeting(const struct frame *f, uint64_t *version,
    uint64_t *size_max, struct err *e);

int submit_put_end(struct buf *b, uint64_t size);
int submit_get_end(const struct frame *f, uint64_t *size, struct err *e);

/* The answer.  queue_id is 12 hex digits and NUL. */
#define QUEUE_ID_LEN 12
int submit_put_accepted(struct buf *b, const char *queue_id);
int submit_put_refused(struct buf *b, const struct err *why);

/*
 * 0 with queue_id filled when accepted; 1 with *why filled when refused; -1
 * with *e filled when the frame is neither.
 */
int submit_get_answer(const struct frame *f, char queue_id[QUEUE_ID_LEN + 1],
    struct err *why, struct err *e);

#endif
