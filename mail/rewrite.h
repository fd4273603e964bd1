/* SPDX-License-Identifier: ISC */
#ifndef MAIL_REWRITE_H
#define MAIL_REWRITE_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/strlist.h"
#include "mail/header.h"

/*
 * Sender rewriting (account.rewrite): Exchange takes no mail whose From is
 * neither the mailbox that signed in nor one it may send as.  Done on the way
 * out, so that a changed configuration serves mail queued before.
 */
struct rewrite_rules {
	const char *user; /* the mailbox; NULL: nothing is rewritten */
	const struct strlist *senders;
	enum rewrite_mode mode;
	bool original_from;
	bool null_sender_ok; /* provider smtp: "<>" goes out as it is */
	const struct strlist *local_names;
	const char *hostname; /* its first label names the host */
	const char *domain;
	bool from_is_local; /* From was bare before it was qualified */
	bool is_automatic;  /* had the null sender: nobody may answer it */
};

/*
 * Rewrites From, Sender, Reply-To and X-Original-From in *h as the rules say.
 * Returns whether anything changed.  Unless the mode is "never", the header
 * then has one From with one mailbox, which the account may send as.
 */
bool rewrite_header(const struct rewrite_rules *r, struct header *h);

/* The envelope sender to use, allocated; "" is the null sender. */
char *rewrite_sender(const struct rewrite_rules *r, const char *sender);

#endif
