/* SPDX-License-Identifier: ISC */
/*
 * From a reply to a verdict.  This file holds the rules that no row may break;
 * it is fuzzed (tests/fuzz/verdict.c).
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/status.h"
#include "delivery/reply.h"
#include "delivery/verdict.h"

static bool
status_matches(const char *pattern, const char *status)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, status, n - 1) == 0;
	return strcmp(pattern, status) == 0;
}

static bool
row_matches(const struct verdict_row *row, const struct reply *r)
{
	if (row->code != 0 && row->code != r->code)
		return false;
	if (row->status != NULL && !status_matches(row->status, r->status))
		return false;
	return row->text == NULL ||
	       strcasestr(buf_data(&r->text), row->text) != NULL;
}

const struct verdict_row *
verdict_find(const struct reply *r)
{
	size_t i;

	for (i = 0; i < verdict_rows_n; i++)
		if (row_matches(&verdict_rows[i], r))
			return &verdict_rows[i];
	return NULL;
}

/* What a reply means that no row knows. */
static enum verdict_class
by_first_digit(enum phase at, const struct reply *r)
{
	bool never = reply_class(r) == 5;

	/* 421 closes the connection, in any state (RFC 5321 3.8). */
	if (r->code == 421)
		return VERDICT_CONNECTION;
	if (at < PHASE_AUTH)
		return VERDICT_CONNECTION;
	if (at == PHASE_AUTH)
		return never ? VERDICT_ACCOUNT_HOLD : VERDICT_CONNECTION;
	if (at == PHASE_RCPT)
		return never ? VERDICT_RECIPIENT_NEVER
			     : VERDICT_RECIPIENT_LATER;
	return never ? VERDICT_MESSAGE_NEVER : VERDICT_MESSAGE_LATER;
}

static bool blames_mail(enum verdict_class class)
{
	return class >= VERDICT_MESSAGE_LATER;
}

/*
 * What no row may break: 421 is the connection's affair, 4yz takes nothing away
 * from mail, and an answer to RCPT is about one recipient, a later one about
 * them all.
 */
static enum verdict_class
bound(enum phase at, const struct reply *r, enum verdict_class class)
{
	bool for_ever =
	    reply_class(r) == 5 && (class == VERDICT_MESSAGE_NEVER ||
				       class == VERDICT_RECIPIENT_NEVER);

	if (r->code == 421)
		return VERDICT_CONNECTION;
	if (!blames_mail(class))
		return class;
	if (at == PHASE_RCPT)
		return for_ever ? VERDICT_RECIPIENT_NEVER
				: VERDICT_RECIPIENT_LATER;
	return for_ever ? VERDICT_MESSAGE_NEVER : VERDICT_MESSAGE_LATER;
}

static void
apply_class(enum verdict_class class, struct job_result *out)
{
	static const struct {
		enum job_outcome outcome;
		enum job_scope scope;
	} means[] = {
		[VERDICT_CONNECTION] = { JOB_DEFERRED, JOB_SCOPE_CONNECTION },
		[VERDICT_ACCOUNT_HOLD] = { JOB_REJECTED, JOB_SCOPE_ACCOUNT },
		[VERDICT_ACCOUNT_WAIT] = { JOB_DEFERRED, JOB_SCOPE_ACCOUNT },
		[VERDICT_MESSAGE_LATER] = { JOB_DEFERRED, JOB_SCOPE_MESSAGE },
		[VERDICT_MESSAGE_NEVER] = { JOB_REJECTED, JOB_SCOPE_MESSAGE },
		[VERDICT_RECIPIENT_LATER] = { JOB_DEFERRED,
		    JOB_SCOPE_RECIPIENT },
		[VERDICT_RECIPIENT_NEVER] = { JOB_REJECTED,
		    JOB_SCOPE_RECIPIENT },
	};

	out->outcome = means[class].outcome;
	out->scope = means[class].scope;
}

void
verdict_reply(enum phase at, const struct reply *r, struct job_result *out)
{
	const struct verdict_row *row = verdict_find(r);
	enum verdict_class class = by_first_digit(at, r);

	memset(out, 0, sizeof(*out));
	if (row != NULL && (at >= PHASE_MAIL || !blames_mail(row->class))) {
		class = bound(at, r, row->class);
		out->wait_s = row->wait_s;
	}
	if (row != NULL) {
		strlcpy(out->meaning, row->meaning, sizeof(out->meaning));
		strlcpy(out->fix, row->fix, sizeof(out->fix));
	}
	apply_class(class, out);
	out->code = r->code;
	strlcpy(out->status,
	    r->status[0] == '\0' ? status_default(r->code) : r->status,
	    sizeof(out->status));
	strlcpy(out->phase, phase_name(at), sizeof(out->phase));
	reply_format(r, out->text, sizeof(out->text));
}

void
verdict_error(enum phase at, const struct err *e, struct job_result *out)
{
	memset(out, 0, sizeof(*out));
	apply_class(VERDICT_CONNECTION, out);
	strlcpy(out->status, e->status, sizeof(out->status));
	strlcpy(out->phase, phase_name(at), sizeof(out->phase));
	strlcpy(out->text, e->text, sizeof(out->text));
}
