/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PROVED_H
#define QUEUE_PROVED_H

#include <stdbool.h>

#include "common/err.h"

struct batch;
struct store;

/*
 * The hosts with which an account of this host has ever had a verified session
 * of TLS 1.2 or later.  Remembered for good, and twice: as the fact "proved
 * HOST", and as a file of that name in the folder "proved" of queue.directory,
 * so that neither a new database nor a lost file makes us forget.
 */
struct proved;

/*
 * Reads both, and where may_write is set puts into the one what only the other
 * has.  A folder that cannot be used is logged: the facts do without.
 */
struct proved *proved_open(
    const char *directory, struct store *s, bool may_write, struct err *e);
void proved_free(struct proved *p); /* NULL is fine */

/* host as the configuration writes it, with or without a port. */
bool proved_has(const struct proved *p, const char *host);

/* True when it is news; the fact joins the batch. */
bool proved_note(
    struct proved *p, struct batch *b, const char *host, const char *tls);

#endif
