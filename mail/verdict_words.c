/* SPDX-License-Identifier: ISC */
/*
 * Words for what no row of the catalogue knows: nothing waits or fails without
 * a meaning and something to do.
 */
#include "config.h"

#include <string.h>

#include "mail/reply.h"
#include "mail/status.h"
#include "mail/verdict_priv.h"

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

/* A reply that refuses, by whose fault it is; see verdict_words. */
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

void
verdict_words(enum phase at, const struct reply *r, enum verdict_class class,
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

void
verdict_words_error(enum phase at, struct job_result *out)
{
	set_words(out, &by_phase[at]);
}
