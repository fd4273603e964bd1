/* SPDX-License-Identifier: ISC */
#ifndef MAIL_VERDICT_H
#define MAIL_VERDICT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/proto_job.h"
#include "mail/phase.h"

/*
 * What a reply means: whose fault it is, whether to try again, and what to
 * tell people.  The knowledge is a catalogue of rows; what no row knows goes by
 * its first digit, temporary when in doubt.
 */

struct reply;

/* Whose fault, and what to do about it. */
enum verdict_class {
	VERDICT_CONNECTION = 1, /* back off; no message spends an attempt */
	VERDICT_CROWDED,        /* the same, with fewer connections then */
	VERDICT_ACCOUNT_HOLD,   /* hold the account until somebody acts */
	VERDICT_NOT_OPTED,      /* the same, of old TLS: docs/office365.md */
	VERDICT_ACCOUNT_WAIT,   /* hold it for a while; it mends itself */
	VERDICT_DOUBTFUL, /* the message, later; when it comes again and */
			  /* again, it is the account's fault after all */
	VERDICT_LARGE,    /* the message, later, to fewer at once */
	VERDICT_MESSAGE_LATER,
	VERDICT_MESSAGE_NEVER,
	VERDICT_RECIPIENT_LATER,
	VERDICT_RECIPIENT_NEVER
};

/*
 * A row matches when all of code, status and text that it gives do.  In status
 * "?" is any one digit; text is looked for without regard to case.  The first
 * row that matches counts, so special ones stand above general ones.
 *
 * meaning and fix are whole sentences, but that no point or comma follows a
 * command, which is copied as it stands.  MAILBOX and FROM in a fix stand for
 * the account's mailbox and for the From address that was refused.
 */
struct verdict_row {
	unsigned code;      /* 0: any */
	const char *status; /* NULL: any */
	const char *text;   /* NULL: any */
	enum verdict_class class;
	unsigned wait_s; /* least wait of an account or a connection */
	const char *meaning;
	const char *fix;
	const char *source; /* where its text and its sense are known from */
};

/* The i-th row of the catalogue, or NULL. */
const struct verdict_row *verdict_row(size_t i);

/* The row for a reply, or NULL; text is what followed the code. */
const struct verdict_row *verdict_find(
    unsigned code, const char *status, const char *text);

/* Is it a result of that class, by the row for its reply? */
bool verdict_is(const struct job_result *r, enum verdict_class class);

/*
 * Fills all of *out but rcpt from a reply that refuses (4yz, 5yz): there are
 * always a meaning and a fix.  Before MAIL a reply is never a message's fault,
 * and a row that says so does not count.  The row that did, or NULL.
 */
const struct verdict_row *verdict_reply(
    enum phase at, const struct reply *r, struct job_result *out);

/* The same where no reply came, or one that makes no sense: the connection. */
void verdict_error(enum phase at, const struct err *e, struct job_result *out);

/*
 * Puts names in the place of MAILBOX and FROM; each may be NULL.  The From
 * address that the reply names itself goes first.  What could be more than a
 * name to a shell stays out, and so does what would not fit.
 */
void verdict_name(struct job_result *r, const char *mailbox, const char *from);

/* Whose fault: "connection", "account", "message" or "recipient". */
const char *verdict_whose(const struct job_result *r);

/* What is done: "backoff", "hold", "wait", "retry" or "bounce". */
const char *verdict_action(const struct job_result *r);

#endif
