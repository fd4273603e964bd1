/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_GATE_H
#define QUEUE_GATE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/network.h"

/*
 * Who may come in by a listener, and how much of it a client may have: its
 * networks (listen.allow), connections of a client and of all, and the rate of
 * connections; how many messages it sends, queue/rates.h counts.  Arithmetic
 * over a clock that is passed in; memory is bounded, and so is the time of each
 * call, whoever knocks.
 */
#define GATE_CLIENTS 1024 /* remembered at once */

enum gate_verdict {
	GATE_OPEN,
	GATE_NOT_ALLOWED,
	GATE_FULL,        /* listen.connections */
	GATE_CLIENT_FULL, /* listen.client_connections */
	GATE_CLIENT_FAST, /* listen.connection_rate */
	/* Never said by the gate itself. */
	GATE_SHUT_OUT, /* for its wrong passwords */
	GATE_FEW_LEFT, /* the same */
	GATE_ALL_FULL, /* of all listeners */
	GATE_NO_MEANS  /* the parent has no process or descriptor for it */
};

struct gate;
struct gate *gate_new(const struct conf_listen *conf);
void gate_free(struct gate *g);

/* Other limits from now on; who is inside stays. */
void gate_change(struct gate *g, const struct conf_listen *conf);

/*
 * A connection: GATE_OPEN counts it until gate_leave, for the same client.  Of
 * the rate those alone count that were let in: who knocks on in vain is let in
 * as often as anybody.
 */
struct network gate_client(const struct sockaddr *address);
enum gate_verdict gate_enter(
    struct gate *g, const struct sockaddr *address, int64_t now_ms);
void gate_leave(struct gate *g, const struct network *client);

/* Clients that are inside were refused so much more; and so far in all. */
void gate_note_refusals(struct gate *g, uint64_t n);
uint64_t gate_refusals(const struct gate *g);

/* Is it let in by the rules of now?  It may have come by those of before. */
bool gate_allows(const struct gate *g, const struct network *address);

/* Of the places for all clients less than a quarter is left, of 8 or more. */
bool gate_is_crowded(const struct gate *g);

size_t gate_connections(const struct gate *g);
size_t gate_clients(const struct gate *g); /* remembered */

#endif
