/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_LISTEN_H
#define COMMON_PROTO_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/frame.h"

/*
 * Between mailchuted's parent and an smtpd that serves one client of a
 * listener (docs/protocol.md).  On descriptor LISTEN_FD, which keeps records:
 *
 *	parent: SETUP                         once, before anything else
 *	parent: PAIR                          then, when SETUP has said so
 *	smtpd:  LISTEN_ASK                    a message is coming, from whom
 *	parent: a descriptor, or a refusal    by common/fdpass.h
 *	smtpd:  LISTEN_SIGN_IN                a password has come
 *	parent: a descriptor                  of a checker (proto_check.h)
 *	parent: LISTEN_YES, _NO or _LATER     instead of it, or after it
 *	smtpd:  LISTEN_TROUBLE                it was refused; no answer
 *
 * The descriptor is a connection to the socket "submit", on which the parent
 * has said already whose messages they will be (SUBMIT_ORIGIN).  A refusal is
 * words for the client.  Answers bear no number: see smtpd/channel.h for one
 * that is late.  What an ASK holds is in common/proto_words.h, a PAIR in
 * common/proto_pair.h.
 *
 * "smtpd -c" serves nobody: it hears SETUP and PAIR, and answers JUDGED.
 *
 * The client itself is on descriptors 0 and 1.
 */
#define LISTEN_FD      3
#define LISTEN_VERSION 1
#define LISTEN_SETUP   1
#define LISTEN_ASK     2
#define LISTEN_PAIR    3
#define LISTEN_JUDGED  4
#define LISTEN_SIGN_IN 5    /* without fields */
#define LISTEN_TROUBLE 30   /* common/proto_trouble.h */
#define LISTEN_ASK_MAX 4096 /* the whole frame */

/* There is no connection yet: the queue process is about to start anew. */
#define LISTEN_NOT_READY "not ready; try later"

/* What the answers of a sign-in begin with. */
#define LISTEN_YES   'Y'
#define LISTEN_NO    'N'
#define LISTEN_LATER 'L' /* then a blank, and words for the client */

struct listen_setup {
	char *listener; /* its name */
	char *client;   /* its address */
	char *hostname, *domain;
	uint64_t size_max;
	unsigned rcpts_max;
	enum bare_newline bare_newline;
	enum sandbox_mode sandbox;
	enum conf_log_target log_target;
	unsigned log_level;
	enum listen_tls tls;
	unsigned tls_min; /* 10 to 13 */
	bool has_pair;    /* the next record is one */
	enum listen_auth auth;
	bool auth_in_clear; /* without TLS, too */
	bool is_crowded;    /* places are short */
	char *from;         /* the sender that all mail is given, or NULL */
	struct strlist local_names; /* nobody outside answers to these */
	bool log_dialogue;
};

int listen_put_setup(struct buf *b, const struct listen_setup *s);

/* From a struct that is all zero; -1 with *e filled. */
int listen_get_setup(
    const struct frame *f, struct listen_setup *s, struct err *e);
void listen_setup_clear(struct listen_setup *s);

#endif
