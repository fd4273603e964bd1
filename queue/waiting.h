/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WAITING_H
#define QUEUE_WAITING_H

#include "common/strlist.h"
#include "queue/store.h"

/*
 * Notices of ours that have not left yet, by reader; and how many may leave
 * singly.  A reader is a set of recipients, in an account, of one user's mail:
 * a notice is its user's to look at, and his flood is not to delay another's.
 *
 * All of it is a hint (docs/schema.md, fact): whoever merges notices looks at
 * each message itself.  One that this knows nothing of leaves as it is.
 */

/* So many notices an hour go to a reader singly; the rest as reports. */
#define WAITING_SINGLY 20
#define WAITING_HOUR_S 3600

/* The recipients' addresses, in one order and case. */
void waiting_readers(
    const struct store_rcpt *v, size_t n, struct strlist *readers);

/* The reader's name in the store, for the caller to free. */
char *waiting_key(const struct store_message *m, const struct strlist *readers);

/*
 * When a notice that is made now may leave: at once, which is counted, or
 * late, when the reader's hour is over.
 */
struct waiting {
	bool is_late;
	int64_t due_at;
};
int waiting_admit(struct store *s, const char *key, int64_t now,
    struct waiting *w, struct err *e);

/* Notes that it waits, and what a report would tell of it (mail/digest.h). */
int waiting_put(struct store *s, const char *key, uint64_t id,
    const struct waiting *w, const char *note, struct err *e);

/* 1 with *is_late and *note (may be NULL; the caller's to free), 0, -1. */
int waiting_get(struct store *s, const char *key, uint64_t id, bool *is_late,
    char **note, struct err *e);

/* Up to max that wait for the reader, oldest first. */
int waiting_list(struct store *s, const char *key, uint64_t *ids, size_t max,
    size_t *n, struct err *e);

/* It was tried, or is gone: waiting_forget_message finds the reader itself. */
int waiting_forget(
    struct store *s, const char *key, uint64_t id, struct err *e);
int waiting_forget_message(
    struct store *s, const struct store_message *m, struct err *e);

/* A late one goes singly after all, being the only one. */
int waiting_let_go(struct store *s, const char *key, uint64_t id,
    const char *note, int64_t now, struct err *e);

/* A report of late ones was made: for an hour, what comes is late as well. */
int waiting_reported(
    struct store *s, const char *key, int64_t now, struct err *e);

/* The mail of an account goes by another one from now on. */
int waiting_move(
    struct store *s, const char *from, const char *to, struct err *e);

#endif
