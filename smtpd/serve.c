/* SPDX-License-Identifier: ISC */
/* The engine: what the client says goes to the session, texts to message.c. */
#include "config.h"

#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/log.h"
#include "smtpd/message.h"
#include "smtpd/reply.h"
#include "smtpd/serve.h"
#include "smtpd/session.h"

struct serve {
	struct conn conn;
	struct session session;
	const struct site *site;
};

static void
say(struct serve *s, unsigned code, const char *status, const char *text)
{
	struct reply r;

	reply_set(&r, code, status, "%s", text);
	reply_put(conn_out(&s->conn), &r);
}

/* The message for the session's envelope; -1 when the client is gone. */
static int
take_text(struct serve *s, bool takes_lf)
{
	struct reply r;

	if (message_take(&s->conn, s->site, &s->session.env, takes_lf, &r) ==
	    -1) {
		log_text(LOG_NOTICE, "smtpd",
		    "a message did not come to its end and was dropped");
		return -1;
	}
	reply_put(conn_out(&s->conn), &r);
	session_reset(&s->session);
	return 0;
}

/* Reads one line and does what it says: what comes next. */
static enum session_next
one_command(struct serve *s, struct conn_line *line)
{
	struct buf *out;

	if (conn_read_line(&s->conn, line) == -1)
		return SESSION_QUIT;
	out = conn_out(&s->conn);
	if (line->is_long)
		return session_long_line(&s->session, out);
	return session_command(&s->session, line->p, line->n, out);
}

/* The client's fault, or the connection's, as an exit status. */
static int
end(struct serve *s)
{
	switch (s->conn.fault) {
	case CONN_FINE:
	case CONN_GONE:
		break;
	case CONN_LATE:
		say(s, 421, "4.4.2", "nothing came for too long; closing");
		(void)conn_flush(&s->conn);
		return EX_TEMPFAIL;
	case CONN_UNREADABLE:
		log_text(LOG_ERR, "smtpd", "cannot read commands: %s",
		    strerror(s->conn.error));
		say(s, 421, "4.3.0", "cannot read commands; closing");
		(void)conn_flush(&s->conn);
		return EX_NOINPUT;
	case CONN_UNWRITABLE:
		return EX_IOERR;
	}
	return conn_flush(&s->conn) == -1 ? EX_IOERR : EX_OK;
}

/* Returns the exit status of a client that is sent away, or 0. */
static int
converse(struct serve *s)
{
	struct conn_line line;

	for (;;) {
		switch (one_command(s, &line)) {
		case SESSION_COMMAND:
			break;
		case SESSION_TEXT:
			if (take_text(s, !line.has_cr) == -1)
				return EX_OK;
			break;
		case SESSION_NO_TEXT:
			/*
			 * RFC 2920 3.1: nobody goes on behind DATA without its
			 * answer.  Who does so all the same sends the text,
			 * whose lines must not become commands.
			 */
			if (!conn_has_input(&s->conn))
				break;
			say(s, 421, "4.7.0",
			    "the message came without being asked for; "
			    "closing");
			return EX_PROTOCOL;
		case SESSION_QUIT:
			return EX_OK;
		case SESSION_GIVE_UP:
			return EX_PROTOCOL;
		}
	}
}

int
serve(const struct io *io, const struct site *site)
{
	struct serve s;
	int status, ended;

	s.site = site;
	conn_init(&s.conn, io);
	session_init(&s.session, site->conf->local.hostname,
	    site->conf->queue.message_size_max);
	session_greet(&s.session, conn_out(&s.conn));
	status = converse(&s);
	ended = end(&s);
	session_clear(&s.session);
	conn_clear(&s.conn);
	return ended == EX_OK ? status : ended;
}
