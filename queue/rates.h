/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_RATES_H
#define QUEUE_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/network.h"

/*
 * How many messages each client of a listener has handed in lately: what
 * listen.rate bounds.  The queue process counts them, not the parent, since it
 * sees each one, and smtpd cannot talk it out of one.  Memory is bounded: who
 * has sent nothing for longest is forgotten first.
 */
#define RATES_CLIENTS 4096 /* remembered at once, of all listeners */

struct rates;
struct rates *rates_new(void);
void rates_free(struct rates *r);

/*
 * May the one at this address send one more message?  Then it is counted.  l
 * has to live as long as r does.
 */
bool rates_take(struct rates *r, const struct conf_listen *l,
    const struct network *address, int64_t now_ms);

size_t rates_clients(const struct rates *r); /* remembered */

#endif
