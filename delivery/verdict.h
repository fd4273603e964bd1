/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_VERDICT_H
#define DELIVERY_VERDICT_H

#include "common/err.h"
#include "common/proto_job.h"
#include "delivery/phase.h"

/*
 * What a reply means: whose fault it is, whether to try again, and what to
 * tell people.  The knowledge is a table of rows (verdict_table.c); what no
 * row knows goes by its first digit, temporary when in doubt.
 */

struct reply;

/* Whose fault, and what to do about it. */
enum verdict_class {
	VERDICT_CONNECTION = 1, /* back off; no message spends an attempt */
	VERDICT_ACCOUNT_HOLD,   /* hold the account until somebody acts */
	VERDICT_ACCOUNT_WAIT,   /* hold it for a while; it mends itself */
	VERDICT_MESSAGE_LATER,
	VERDICT_MESSAGE_NEVER,
	VERDICT_RECIPIENT_LATER,
	VERDICT_RECIPIENT_NEVER
};

/*
 * A row matches when all of code, status and text that it gives do.  status
 * may end in "*"; text is looked for without regard to case.  The first row
 * that matches counts, so special ones stand above general ones.
 */
struct verdict_row {
	unsigned code;      /* 0: any */
	const char *status; /* NULL: any */
	const char *text;   /* NULL: any */
	enum verdict_class class;
	unsigned wait_s; /* least wait of an account or a connection */
	const char *meaning;
	const char *fix;
	const char *source; /* of the reply, for who maintains the table */
};
extern const struct verdict_row verdict_rows[];
extern const size_t verdict_rows_n;

/* The row for a reply, or NULL. */
const struct verdict_row *verdict_find(const struct reply *r);

/*
 * Fills all of *out but rcpt from a reply that refuses (4yz, 5yz): there are
 * always a meaning and a fix.  Before MAIL a reply is never a message's fault,
 * and a row that says so does not count.
 */
void verdict_reply(
    enum phase at, const struct reply *r, struct job_result *out);

/* The same where no reply came, or one that makes no sense: the connection. */
void verdict_error(enum phase at, const struct err *e, struct job_result *out);

#endif
