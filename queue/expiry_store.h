/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_EXPIRY_STORE_H
#define QUEUE_EXPIRY_STORE_H

#include "common/err.h"
#include "queue/expiry.h"

struct store;

/*
 * The table expiry: rows of an account or a listener, by its name; which of the
 * two it is, what says (expiry_is_listeners).  A row of another version's words
 * is passed over.
 */
typedef void expiry_row(void *arg, const char *subject, enum expiry_what what,
    const struct expiry *x);
int expiry_each(struct store *s, expiry_row *row, void *arg, struct err *e);

/* With an instant of 0 there is none any more. */
int expiry_put(struct store *s, const char *subject, enum expiry_what what,
    const struct expiry *x, struct err *e);

#endif
