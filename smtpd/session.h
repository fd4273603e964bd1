/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/envelope.h"
#include "common/proto_words.h"
#include "common/size_limit.h"
#include "mail/recipients.h"
#include "smtpd/auth.h"
#include "smtpd/reply.h"

/*
 * The server's side of SMTP, command by command, without a connection: lines
 * go in, replies come out, and an envelope grows.
 *
 *	     MAIL           RCPT           DATA
 *	idle ----> a sender ----> to whom -----> the text
 *	  ^            |             |              |
 *	  +------------+-------------+--------------+
 *	      RSET, EHLO, HELO; or the text has ended
 *
 * With BDAT (RFC 3030) the text is chunks, and other commands may stand between
 * them.
 */

/* What the client is listened to for after a command. */
enum session_next {
	SESSION_COMMAND,   /* one more */
	SESSION_TEXT,      /* the message for env; then session_reset */
	SESSION_NO_TEXT,   /* DATA was refused: a command, but if the client has
			    * gone on without waiting, that is its text */
	SESSION_CHUNK,     /* chunk.size octets of the message, not answered */
	SESSION_NO_CHUNK,  /* BDAT was refused: so many octets all the same */
	SESSION_LOST,      /* BDAT was refused, and how many is not known */
	SESSION_HANDSHAKE, /* STARTTLS was accepted, and not answered yet */
	SESSION_SIGN_IN,   /* login and password are in dialogue: what becomes
			    * of them is for session_signed_in */
	SESSION_QUIT,
	SESSION_GIVE_UP /* it talks nonsense */
};

enum session_tls {
	SESSION_TLS_ABSENT,
	SESSION_TLS_BROKEN,   /* there should be some, and is not */
	SESSION_TLS_OFFERED,  /* the client may start it */
	SESSION_TLS_REQUIRED, /* it has to */
	SESSION_TLS_IN_USE
};

struct session {
	enum session_tls tls;
	const char *hostname; /* ours */
	struct size_limit limit;
	unsigned rcpts_max; /* at most SUBMIT_RCPTS_MAX */
	/* A reply of 400 or more, before it leaves; or NULL. */
	void (*refused)(void *arg, struct reply *r);
	void *arg;                  /* of it */
	struct client_words *words; /* to be filled, or NULL */
	bool has_sender;
	struct envelope env;
	struct recipients rcpts; /* of env */
	bool has_refused;        /* a recipient of this message */
	bool is_chunked;         /* the text of a message has begun by BDAT */
	uint64_t chunked;        /* octets of it that were announced */
	bool is_mixed; /* DATA came amid its chunks: only RSET ends that */
	struct chunk {
		uint64_t size;
		bool is_last;
	} chunk;           /* the latest */
	bool is_lost;      /* its size was none */
	unsigned nonsense; /* commands in a row that were none */

	/* Signing in; the caller sets the first two after session_init. */
	enum listen_auth auth;
	bool auth_in_clear; /* without TLS, too */
	bool is_signed_in;
	unsigned auth_failures;
	struct auth dialogue; /* idle, or the next line is its */
};

#define SESSION_NONSENSE_MAX 100

void session_init(struct session *s, const char *hostname,
    struct size_limit limit, unsigned rcpts_max);
void session_clear(struct session *s);

/* Each appends its reply to out, which has room for it. */
void session_greet(const struct session *s, struct buf *out);
enum session_next session_command(
    struct session *s, const char *line, size_t n, struct buf *out);
/* A line that was too long to be kept, of which this is the beginning. */
enum session_next session_long_line(
    struct session *s, const char *line, size_t n, struct buf *out);

/* Is AUTH offered, and taken, as things stand? */
bool session_may_auth(const struct session *s);

/* Answers SESSION_SIGN_IN; why is words for SIGN_IN_LATER. */
enum session_next session_signed_in(struct session *s,
    enum sign_in_result result, const char *why, struct buf *out);

/* The envelope, for the caller to clear; the text has begun. */
void session_take(struct session *s, struct envelope *out);

/* TLS is in use: all that was said before it is forgotten (RFC 3207 4.2). */
void session_secured(struct session *s);

/* Forgets the message, but not that DATA came amid its chunks. */
void session_reset(struct session *s);

#endif
