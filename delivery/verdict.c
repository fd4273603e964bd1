/* SPDX-License-Identifier: ISC */
/*
 * From a reply to a verdict.  This file holds the rules that no row may break,
 * and the words for what no row knows: nothing waits or fails without a meaning
 * and something to do.  It is fuzzed (tests/fuzz/verdict.c).
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/status.h"
#include "delivery/reply.h"
#include "delivery/verdict.h"

/* ---- the words for what no row knows ---- */

struct words {
	const char *meaning, *fix;
};

#define AGAIN "Nothing to do: it is tried again by itself."
#define PLACE \
	" If it lasts, check account.host and account.port, and what stands " \
	"between here and the server (firewall, proxy, virus scanner)."
#define NETWORK \
	" If it lasts, check the network and what stands between here and " \
	"the server (firewall, proxy, virus scanner)."

/* A reply that refuses, by whose fault it is; see reply_words. */
static const struct words by_class[] = {
	[VERDICT_CONNECTION] = { "The server ended the session and did not "
				 "take the message.",
	    AGAIN },
	[VERDICT_ACCOUNT_HOLD] = { "The server refused the sign-in.",
	    "Check account.user, account.auth and the password or token; then "
	    "run \"mailchute retry ALL\"." },
	[VERDICT_ACCOUNT_WAIT] = { "The server takes no mail of this account "
				   "for now.",
	    AGAIN },
	[VERDICT_MESSAGE_LATER] = { "The server put the message off for now.",
	    AGAIN },
	[VERDICT_MESSAGE_NEVER] = { "The server refused the message for good.",
	    "Mend what the server's words name, and send it again." },
	[VERDICT_RECIPIENT_LATER] = { "The server put this recipient off for "
				      "now.",
	    AGAIN },
	[VERDICT_RECIPIENT_NEVER] = { "The server refused this recipient for "
				      "good.",
	    "Check the address; the server's words say more." },
};

/* A session that the server refused before there was a message. */
static const struct words refused_session = {
	"The server takes no mail from this host for now.", AGAIN PLACE
};
static const struct words refused_sign_in = {
	"The server could not sign the account in for now.",
	AGAIN " If it lasts, check account.user and the password or token."
};

/* No reply, or one that makes no sense: what that means there. */
static const struct words by_phase[] = {
	[PHASE_CONNECT] = { "The server could not be reached.", AGAIN PLACE },
	[PHASE_GREETING] = { "The connection failed before any mail was sent.",
	    AGAIN PLACE },
	[PHASE_EHLO] = { "The connection failed before any mail was sent.",
	    AGAIN PLACE },
	[PHASE_STARTTLS] = { "The connection failed before any mail was sent.",
	    AGAIN PLACE },
	[PHASE_HANDSHAKE] = { "No safe connection (TLS) came about, and "
			      "nothing was sent.",
	    AGAIN " If it lasts, check account.host, account.tls and the "
		  "clock, and what stands between here and the server." },
	[PHASE_AUTH] = { "The connection failed while the account signed in.",
	    AGAIN NETWORK },
	[PHASE_MAIL] = { "The connection failed before the message was sent.",
	    AGAIN NETWORK },
	[PHASE_RCPT] = { "The connection failed before the message was sent.",
	    AGAIN NETWORK },
	[PHASE_DATA] = { "The connection failed before the message was sent.",
	    AGAIN NETWORK },
	[PHASE_BODY] = { "The connection failed before the whole message was "
			 "sent.",
	    AGAIN NETWORK },
	[PHASE_FINAL] = { "The connection failed before the server said "
			  "whether it took the message.",
	    AGAIN NETWORK },
	[PHASE_RSET] = { "The connection failed between two messages.", AGAIN },
	[PHASE_QUIT] = { "The connection failed after the last message.",
	    AGAIN },
};

static void
set_words(struct job_result *out, const struct words *w)
{
	strlcpy(out->meaning, w->meaning, sizeof(out->meaning));
	strlcpy(out->fix, w->fix, sizeof(out->fix));
}

static bool blames_mail(enum verdict_class class)
{
	return class >= VERDICT_MESSAGE_LATER;
}

/*
 * Of what fails for good the status says more, where it has a meaning.  Of what
 * is put off it would often mislead: "450 4.2.1" is not a disabled mailbox.
 */
static void
add_status(struct job_result *out, const char *status)
{
	const char *more = status_text(status);

	if (strcmp(more, status_text("")) == 0)
		return;
	strlcat(out->meaning, " ", sizeof(out->meaning));
	strlcat(out->meaning, more, sizeof(out->meaning));
}

static void
reply_words(enum phase at, const struct reply *r, enum verdict_class class,
    struct job_result *out)
{
	if (class == VERDICT_CONNECTION && at < PHASE_AUTH)
		set_words(out, &refused_session);
	else if (class == VERDICT_CONNECTION && at == PHASE_AUTH)
		set_words(out, &refused_sign_in);
	else
		set_words(out, &by_class[class]);
	if (class == VERDICT_MESSAGE_NEVER || class == VERDICT_RECIPIENT_NEVER)
		add_status(out, r->status);
}

/* ---- the verdict ---- */

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
	/* What is said of a message means something else before there is one.
	 */
	if (row != NULL && at < PHASE_MAIL && blames_mail(row->class))
		row = NULL;
	if (row != NULL) {
		class = bound(at, r, row->class);
		out->wait_s = row->wait_s;
		set_words(out, &(struct words){ row->meaning, row->fix });
	} else
		reply_words(at, r, class, out);
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
	set_words(out, &by_phase[at]);
}
