/* SPDX-License-Identifier: ISC */
/* The command AUTH in its session: when it may come, and what it leads to. */
#include "config.h"

#include "smtpd/session.h"
#include "smtpd/session_auth.h"

#define FAILURES_MAX 3 /* then who has signed in wrongly is sent away */

bool
session_may_auth(const struct session *s)
{
	return s->auth != LISTEN_AUTH_OFF &&
	       (s->tls == SESSION_TLS_IN_USE || s->auth_in_clear);
}

void
session_put_auth(const struct session *s, struct buf *out)
{
	/* With "=", as devices want it that were made before RFC 2554. */
	if (session_may_auth(s) && !s->is_signed_in)
		buf_puts(out, "250-AUTH PLAIN LOGIN\r\n"
			      "250-AUTH=PLAIN LOGIN\r\n");
}

int
session_check_auth(const struct session *s, struct reply *r)
{
	if (s->auth != LISTEN_AUTH_REQUIRED || s->is_signed_in)
		return 0;
	return reply_set(r, 530, "5.7.0", "sign in first (AUTH)");
}

/* May it come now? */
static int
check_order(const struct session *s, struct reply *r)
{
	if (!session_may_auth(s))
		return reply_set(
		    r, 538, "5.7.11", "a password needs TLS first (STARTTLS)");
	if (s->is_signed_in)
		return reply_set(r, 503, "5.5.1", "you have signed in already");
	if (s->has_sender || s->is_chunked)
		return reply_set(
		    r, 503, "5.5.1", "AUTH comes before MAIL, or after RSET");
	return 0;
}

/* Sends away who has failed too often. */
static enum session_next
fail(struct session *s, struct buf *out, struct reply *r)
{
	if (r->code == 535 || r->code == 454)
		s->auth_failures++;
	reply_tell(out, r, s->refused, s->arg);
	if (s->auth_failures < FAILURES_MAX)
		return SESSION_COMMAND;
	reply_set(r, 421, "4.7.0", "too many failures to sign in; closing");
	reply_tell(out, r, s->refused, s->arg);
	return SESSION_GIVE_UP;
}

static enum session_next
go_on(struct session *s, enum auth_next next, struct buf *out, struct reply *r)
{
	switch (next) {
	case AUTH_MORE:
		reply_tell(out, r, s->refused, s->arg);
		return SESSION_COMMAND;
	case AUTH_READY:
		return SESSION_SIGN_IN;
	case AUTH_REFUSED:
		break;
	}
	return fail(s, out, r);
}

enum session_next
session_auth(struct session *s, const struct command *c, struct buf *out)
{
	struct reply r;

	if (check_order(s, &r) == -1) {
		reply_tell(out, &r, s->refused, s->arg);
		return SESSION_COMMAND;
	}
	return go_on(
	    s, auth_begin(&s->dialogue, c->arg.p, c->arg.n, &r), out, &r);
}

enum session_next
session_auth_line(struct session *s, const char *p, size_t n, struct buf *out)
{
	struct reply r;

	return go_on(s, auth_line(&s->dialogue, p, n, &r), out, &r);
}

enum session_next
session_auth_long(struct session *s, struct buf *out)
{
	struct reply r;

	auth_clear(&s->dialogue);
	/* RFC 4954 4 */
	reply_set(&r, 500, "5.5.6", "the line is too long");
	reply_tell(out, &r, s->refused, s->arg);
	return SESSION_COMMAND;
}

enum session_next
session_signed_in(struct session *s, enum sign_in_result result,
    const char *why, struct buf *out)
{
	struct reply r;

	auth_clear(&s->dialogue);
	switch (result) {
	case SIGN_IN_YES:
		s->is_signed_in = true;
		reply_set(&r, 235, "2.7.0", "signed in");
		reply_tell(out, &r, s->refused, s->arg);
		return SESSION_COMMAND;
	case SIGN_IN_NO:
		auth_wrong(&r);
		break;
	case SIGN_IN_LATER:
		reply_set(&r, 454, "4.7.0", "%s", why);
		break;
	}
	return fail(s, out, &r);
}
