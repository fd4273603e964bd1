/* SPDX-License-Identifier: ISC */
/* STARTTLS, and what has to wait for it. */
#include "config.h"

#include "smtpd/secure.h"

const char *
secure_offer(enum session_tls tls)
{
	return tls == SESSION_TLS_OFFERED || tls == SESSION_TLS_REQUIRED
		   ? "250-STARTTLS\r\n"
		   : "";
}

int
secure_lets(enum session_tls tls, enum verb verb, struct reply *r)
{
	if (tls != SESSION_TLS_REQUIRED)
		return 0;
	switch (verb) {
	case VERB_HELO:
	case VERB_EHLO:
	case VERB_RSET:
	case VERB_NOOP:
	case VERB_HELP:
	case VERB_QUIT:
	case VERB_STARTTLS:
	case VERB_UNKNOWN:
	case VERB_FOREIGN:
	case VERB_MALFORMED:
		return 0;
	case VERB_ABSENT:
	case VERB_AUTH: /* where nobody signs in; else session_auth.c says */
	case VERB_MAIL:
	case VERB_RCPT:
	case VERB_DATA:
	case VERB_BDAT:
	case VERB_VRFY:
		break;
	}
	return reply_set(r, 530, "5.7.0", "STARTTLS comes first");
}

int
secure_may_start(
    const struct session *s, const struct span *arg, struct reply *r)
{
	switch (s->tls) {
	case SESSION_TLS_ABSENT:
		return reply_set(
		    r, 502, "5.5.1", "this command is not offered here");
	case SESSION_TLS_BROKEN:
		return reply_set(
		    r, 454, "4.7.0", "there is no TLS now; try later");
	case SESSION_TLS_IN_USE:
		return reply_set(r, 503, "5.5.1", "TLS is in use already");
	case SESSION_TLS_OFFERED:
	case SESSION_TLS_REQUIRED:
		break;
	}
	/* RFC 3207 4.2: it would have to be forgotten. */
	if (s->is_signed_in)
		return reply_set(r, 503, "5.5.1", "STARTTLS comes before AUTH");
	if (arg->n > 0)
		return reply_set(r, 501, "5.5.4", "STARTTLS takes no argument");
	return 0;
}

void
session_secured(struct session *s)
{
	session_reset(s);
	s->is_mixed = false;
	s->nonsense = 0;
	s->tls = SESSION_TLS_IN_USE;
	if (s->words == NULL)
		return;
	s->words->helo[0] = '\0';
	s->words->is_esmtp = false;
}
