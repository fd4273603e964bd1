/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_ORIGIN_H
#define COMMON_PROTO_ORIGIN_H

#include <sys/types.h>

#include "common/frame.h"
#include "common/proto_submit.h"
#include "common/proto_words.h"

/*
 * What stands ahead of submissions that come by a listener: by which, and from
 * whom.  It is believed for its token, which mailchuted's parent has made
 * and its queue process alone knows besides; smtpd never sees it.
 */
#define ORIGIN_TOKEN 32

struct submit_origin {
	uint8_t token[ORIGIN_TOKEN];
	char *listener; /* its name */
	char *client;   /* its address */
	pid_t smtpd;    /* who goes on with it: it has one at a time */
	struct client_words words;
	char *login;   /* that it has signed in with; NULL: none */
	char *senders; /* patterns that this one may send as; NULL: any */
};

int origin_put(struct buf *b, const struct submit_origin *o);

/* -1 with *e filled, and nothing to clear. */
int origin_get(const struct frame *f, struct submit_origin *o, struct err *e);
void origin_clear(struct submit_origin *o);

#endif
