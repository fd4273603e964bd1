/* SPDX-License-Identifier: ISC */
/*
 * DATA and BDAT in their session.  They do not go together (RFC 3030 3): after
 * DATA amid chunks nobody knows what the client takes for its message, so that
 * is dropped, and nothing goes on before the client has forgotten it, too.
 */
#include "config.h"

#include "smtpd/params.h"
#include "smtpd/reply.h"
#include "smtpd/session.h"
#include "smtpd/session_text.h"

static int
check_mixed(const struct session *s, struct reply *r)
{
	return s->is_mixed ? reply_set(r, 503, "5.5.1",
				 "DATA came amid chunks; RSET comes first")
			   : 0;
}

int
session_check_text(const struct session *s, struct reply *r)
{
	if (s->is_chunked)
		return reply_set(r, 503, "5.5.1",
		    "the message has begun; BDAT or RSET comes next");
	return check_mixed(s, r);
}

/* May the text begin? */
static int
check_recipients(const struct session *s, struct reply *r)
{
	if (s->env.nrcpts > 0)
		return 0;
	if (s->has_refused)
		return reply_set(r, 554, "5.5.1", "no recipient was accepted");
	return reply_set(r, 503, "5.5.1", "MAIL and RCPT come first");
}

int
session_data(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)out;
	if (s->is_chunked) {
		s->is_mixed = true;
		return reply_set(r, 503, "5.5.1",
		    "DATA amid chunks: the message is dropped; RSET comes "
		    "next");
	}
	if (check_mixed(s, r) == -1)
		return -1;
	if (c->arg.n > 0)
		return reply_set(r, 501, "5.5.4", "DATA takes no argument");
	if (check_recipients(s, r) == -1)
		return -1;
	reply_set(r, 354, "", "the message, and a line of a single dot");
	return 0;
}

/* What is accepted is answered when the chunk was read. */
int
session_bdat(struct session *s, const struct command *c, struct buf *out,
    struct reply *r)
{
	(void)out;
	if (command_chunk(&c->arg, &s->chunk.size, &s->chunk.is_last) == -1) {
		s->is_lost = true;
		return reply_set(r, 501, "5.5.4",
		    "BDAT takes the number of octets, and LAST");
	}
	if (check_mixed(s, r) == -1 ||
	    (!s->is_chunked && check_recipients(s, r) == -1))
		return -1;
	if (s->limit.octets != 0 &&
	    s->chunk.size > s->limit.octets - s->chunked) {
		session_reset(s);
		return params_too_large(s->limit, r);
	}
	s->is_chunked = true;
	s->chunked += s->chunk.size;
	return 0;
}

/*
 * Behind a line that was none.  What may have been meant as text must not
 * become commands.  A size in such a line is not believed: who has put a CR
 * where none belongs, as by a change of line ends, has done so in the text.
 */
enum session_next
session_behind_none(const char *line, size_t n)
{
	enum verb verb = command_text(line, n);

	if (verb == VERB_DATA)
		return SESSION_NO_TEXT;
	return verb == VERB_BDAT ? SESSION_LOST : SESSION_COMMAND;
}
