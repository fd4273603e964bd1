/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_TROUBLE_H
#define COMMON_PROTO_TROUBLE_H

#include "common/proto_words.h"

/*
 * What an smtpd tells mailchuted's parent of a client that was refused
 * something (LISTEN_TROUBLE): for the report of devices, at most twice in a
 * session, however often it was.  It has no answer.  Like a client's words it
 * proves nothing, and is short and printable ASCII.
 */
#define TROUBLE_COUNT_MAX 1000000

struct client_trouble {
	struct client_words words;
	uint64_t count; /* so often, since it was told last */
	char text[256]; /* of the last time: what, and what to change */
};

/* A whole frame; -1 when b's cap is reached. */
int client_trouble_put(struct buf *b, const struct client_trouble *t);

/* -1 with *e filled. */
int client_trouble_get(
    const struct frame *f, struct client_trouble *t, struct err *e);

#endif
