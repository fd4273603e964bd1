/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_BATCH_H
#define QUEUE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct event_base;
struct store;
struct ballast;

/*
 * Group commit.  Whoever wants to change the store joins the batch with a
 * piece of work; the loop runs what was ready by then first, and then does all
 * pieces in one transaction, commits once, and only then tells each of them.
 * A lone piece is committed at once.
 *
 * work writes to the store; when it fails (-1) the whole transaction is
 * rolled back, and done is called with the error for each piece of a batch
 * that could not be kept after one more try, made piece by piece.  When it is
 * the disk that is full the ballast is given up before that.  done is called
 * exactly once for each piece, from the loop, never from batch_join.
 *
 * While another program holds the queue's lock all pieces are put off, in their
 * order, and the loop goes on; done is called with that error for those that
 * have waited for BATCH_PATIENCE_MS.
 *
 * When COMMIT itself fails, or a rollback or a checkpoint, nobody knows what is
 * on disk: the process ends without telling anyone anything, and its next start
 * finds out.
 */
struct batch;

typedef int batch_work(void *arg, struct err *e);
typedef void batch_done(void *arg, const struct err *failed);

struct batch *batch_new(
    struct event_base *base, struct store *s, struct ballast *ballast);
void batch_free(struct batch *b);

/* octets: how much the work will write, for the size of a batch. */
void batch_join(struct batch *b, size_t octets, batch_work *work,
    batch_done *done, void *arg);

#define BATCH_PATIENCE_MS 10000

/*
 * For what cannot be said again, like the word of a server: it is put off for
 * as long as another program holds the lock.
 */
void batch_join_lasting(
    struct batch *b, batch_work *work, batch_done *done, void *arg);

/* Called after each commit, until it is taken off by its arg. */
#define BATCH_WATCHERS 2
typedef void batch_committed(void *arg);
void batch_on_commit(struct batch *b, batch_committed *f, void *arg);
void batch_off_commit(struct batch *b, const void *arg);

/*
 * Commits what has joined, now, and waits for another program no longer than
 * the store does; for the end of the process, and for what has to be alone.
 * Never from within work or done.
 */
void batch_flush(struct batch *b);
bool batch_is_empty(const struct batch *b);

/* Ends the process when damage was met: the next start sees to it. */
void batch_look_for_damage(const struct batch *b);

#endif
