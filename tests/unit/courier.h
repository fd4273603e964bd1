/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_COURIER_H
#define TESTS_UNIT_COURIER_H

#include <event2/event.h>

#include "tests/unit/exchange_limits.h"

/*
 * In the place of deliver processes: each ask_deliver of the queue (which a
 * program that uses this links with --wrap) brings a courier at the other end
 * of a real job channel, that speaks its contract and judges the server's
 * answers by the catalogue as deliver does.  Its server is tests/unit/
 * exchange_limits.h.  It lives in the queue's own loop.
 */
struct courier_calls {
	/* a connection is begun; it was not made, or no message was taken */
	void (*begins)(void *arg, uint32_t account);
	void (*fails)(
	    void *arg, uint32_t account, const struct exchange_answer *answer);
	/* a message was handed over, and the server has it */
	void (*given)(void *arg, uint32_t account, unsigned number);
	void (*delivered)(
	    void *arg, uint32_t account, unsigned number, unsigned rcpts);
	void *arg;
};

/* servers: one for each account. */
void couriers_begin(struct event_base *base, struct exchange *servers,
    const struct courier_calls *calls);

/* The loop is another one. */
void couriers_move(struct event_base *base);

/* All end at once, as processes whose parent is gone. */
void couriers_end(void);

/* What a message is told apart by, in its Subject; 0: it is none of ours. */
#define COURIER_NUMBER "number "

#endif
