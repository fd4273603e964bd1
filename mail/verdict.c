/* SPDX-License-Identifier: ISC */
/*
 * From a reply to a verdict.  This file holds the rules that no row may break.
 * It is fuzzed (tests/fuzz/verdict.c).
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/reply.h"
#include "mail/status.h"
#include "mail/verdict_priv.h"

/* ---- the catalogue ---- */

const struct verdict_row *
verdict_row(size_t i)
{
	if (i < verdict_session_rows_n)
		return &verdict_session_rows[i];
	i -= verdict_session_rows_n;
	return i < verdict_message_rows_n ? &verdict_message_rows[i] : NULL;
}

static bool
status_matches(const char *pattern, const char *status)
{
	for (; *pattern != '\0' && *status != '\0'; pattern++, status++)
		if (*pattern != *status &&
		    !(*pattern == '?' && char_is_digit(*status)))
			return false;
	return *pattern == *status;
}

const struct verdict_row *
verdict_find(unsigned code, const char *status, const char *text)
{
	const struct verdict_row *row;
	size_t i;

	for (i = 0; (row = verdict_row(i)) != NULL; i++)
		if ((row->code == 0 || row->code == code) &&
		    (row->status == NULL ||
			status_matches(row->status, status)) &&
		    (row->text == NULL || strcasestr(text, row->text) != NULL))
			return row;
	return NULL;
}

bool
verdict_is(const struct job_result *r, enum verdict_class class)
{
	const struct verdict_row *row = NULL;

	if (r->code >= 400)
		row = verdict_find(r->code, r->status, r->text);
	return row != NULL && row->class == class;
}

static bool blames_mail(enum verdict_class class)
{
	return class >= VERDICT_DOUBTFUL;
}

/* ---- the verdict ---- */

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

/*
 * What no row may break: 421 is the connection's affair, and so is an answer to
 * STARTTLS, since without TLS there is no going on; 4yz takes nothing away from
 * mail, and an answer to RCPT is about one recipient, a later one about them
 * all.  That the tenant does not allow old TLS is no affair of the connection,
 * with whatever code it is said: the next one would hear the same.
 */
static enum verdict_class
bound(enum phase at, const struct reply *r, enum verdict_class class)
{
	bool for_ever =
	    reply_class(r) == 5 && (class == VERDICT_MESSAGE_NEVER ||
				       class == VERDICT_RECIPIENT_NEVER);

	if (at == PHASE_STARTTLS)
		return VERDICT_CONNECTION;
	if (r->code == 421 && class != VERDICT_NOT_OPTED)
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
		[VERDICT_CROWDED] = { JOB_DEFERRED, JOB_SCOPE_CONNECTION },
		[VERDICT_ACCOUNT_HOLD] = { JOB_REJECTED, JOB_SCOPE_ACCOUNT },
		[VERDICT_NOT_OPTED] = { JOB_REJECTED, JOB_SCOPE_ACCOUNT },
		[VERDICT_ACCOUNT_WAIT] = { JOB_DEFERRED, JOB_SCOPE_ACCOUNT },
		[VERDICT_DOUBTFUL] = { JOB_DEFERRED, JOB_SCOPE_MESSAGE },
		[VERDICT_LARGE] = { JOB_DEFERRED, JOB_SCOPE_MESSAGE },
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

const struct verdict_row *
verdict_reply(enum phase at, const struct reply *r, struct job_result *out)
{
	const struct verdict_row *row =
	    verdict_find(r->code, r->status, buf_data(&r->text));
	enum verdict_class class = by_first_digit(at, r);

	memset(out, 0, sizeof(*out));
	/* What is said of a message means something else before there is one.
	 */
	if (row != NULL && at < PHASE_MAIL && blames_mail(row->class))
		row = NULL;
	if (row != NULL) {
		class = bound(at, r, row->class);
		out->wait_s = row->wait_s;
		strlcpy(out->meaning, row->meaning, sizeof(out->meaning));
		strlcpy(out->fix, row->fix, sizeof(out->fix));
	} else
		verdict_words(at, r, class, out);
	apply_class(class, out);
	out->code = r->code;
	strlcpy(out->status,
	    r->status[0] == '\0' ? status_default(r->code) : r->status,
	    sizeof(out->status));
	strlcpy(out->phase, phase_name(at), sizeof(out->phase));
	reply_format(r, out->text, sizeof(out->text));
	return row;
}

void
verdict_error(enum phase at, const struct err *e, struct job_result *out)
{
	memset(out, 0, sizeof(*out));
	apply_class(VERDICT_CONNECTION, out);
	strlcpy(out->status, e->status, sizeof(out->status));
	strlcpy(out->phase, phase_name(at), sizeof(out->phase));
	strlcpy(out->text, e->text, sizeof(out->text));
	verdict_words_error(at, out);
}

/* ---- what it is called ---- */

const char *
verdict_whose(const struct job_result *r)
{
	static const char *const names[] = {
		[JOB_SCOPE_CONNECTION] = "connection",
		[JOB_SCOPE_ACCOUNT] = "account",
		[JOB_SCOPE_MESSAGE] = "message",
		[JOB_SCOPE_RECIPIENT] = "recipient",
	};

	return names[r->scope];
}

const char *
verdict_action(const struct job_result *r)
{
	bool for_ever = r->outcome == JOB_REJECTED;

	switch (r->scope) {
	case JOB_SCOPE_CONNECTION:
		break;
	case JOB_SCOPE_ACCOUNT:
		return for_ever ? "hold" : "wait";
	case JOB_SCOPE_MESSAGE:
	case JOB_SCOPE_RECIPIENT:
		return for_ever ? "bounce" : "retry";
	}
	return "backoff";
}
