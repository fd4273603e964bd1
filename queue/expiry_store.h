/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_EXPIRY_STORE_H
#define QUEUE_EXPIRY_STORE_H

#include "common/err.h"
#include "queue/expiry.h"

struct store;

/* The table expiry.  A row of another version's words is passed over. */
typedef void expiry_row(void *arg, const char *account, enum expiry_what what,
    const struct expiry *x);
int expiry_each(struct store *s, expiry_row *row, void *arg, struct err *e);

/* With an instant of 0 there is none any more. */
int expiry_put(struct store *s, const char *account, enum expiry_what what,
    const struct expiry *x, struct err *e);

/* Those of an account that the configuration does not name any more. */
int expiry_forget(struct store *s, const char *account, struct err *e);

#endif
