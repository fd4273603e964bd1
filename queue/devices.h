/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DEVICES_H
#define QUEUE_DEVICES_H

struct ask;
struct batch;
struct devices;
struct store;

/*
 * What the parent knows of clients that were refused (queue/knocks.h), brought
 * into the table of devices.  What was accepted is there with its message.
 */
struct devices *devices_new(struct store *s, struct batch *b, struct ask *ask);
void devices_free(struct devices *d); /* NULL is fine; after the batch */

/*
 * Asks the parent, and writes what it knows; done is called from the loop when
 * it is committed, or could not be.  It may be NULL.
 */
typedef void devices_done(void *arg);
void devices_collect(struct devices *d, devices_done *f, void *arg);

#endif
