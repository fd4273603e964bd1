/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_COMMIT_H
#define QUEUE_COMMIT_H

#include "common/err.h"

struct store;

/*
 * Transactions of the store (queue/store.h), for whoever answers for all of
 * them.
 */

/* As store_begin, without a wait for another program that holds the lock. */
int store_begin_at_once(struct store *s, struct err *e);

/* What the last transaction met. */
enum store_trouble {
	STORE_WELL,   /* nothing: what failed in it was not the store */
	STORE_LOCKED, /* by another program: nothing was begun */
	STORE_FULL,   /* the disk, or what we may have of it */
	STORE_FAILED
};
enum store_trouble store_trouble(const struct store *s);

/*
 * f is called when it becomes unknown what is in the file: a commit, a rollback
 * or a checkpoint failed.  From then on no transaction begins, and only a new
 * start helps: f had better end the process.  NULL: the caller looks himself.
 */
typedef void store_doubt(const struct err *why);
void store_on_doubt(struct store *s, store_doubt *f);

#endif
