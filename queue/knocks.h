/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_KNOCKS_H
#define QUEUE_KNOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/network.h"
#include "common/proto_trouble.h"
#include "common/users.h"

/*
 * Who was turned away or refused by a listener, and how often: what the parent
 * knows of it until the queue process asks (ASK_KNOCK), which is once a minute
 * or when somebody wants the report.  A flood costs a row of this table, and
 * not one of the database; what finds no place in it is not in the report.
 */
#define KNOCKS_MAX 256
#define KNOCK_NAME 128

struct knock {
	char listener[KNOCK_NAME];
	char client[NETWORK_TEXT];
	char login[USERS_LOGIN_MAX + 1]; /* "": it had not signed in */
	int64_t at;                      /* wall seconds: the last */
	struct client_trouble trouble;
};

struct knocks;
struct knocks *knocks_new(void);
void knocks_free(struct knocks *k); /* NULL is fine */

/* One more, or as many as its trouble counts. */
void knocks_note(struct knocks *k, const struct knock *one);

/* The next one, which is forgotten; false when there is none. */
bool knocks_take(struct knocks *k, struct knock *out);

#endif
