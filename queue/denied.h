/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DENIED_H
#define QUEUE_DENIED_H

#include "common/proto_job.h"
#include "queue/store.h"

/*
 * Which From addresses a mailbox may not send as, by the server's word.  Each
 * refusal more brings the whole mailbox nearer to being throttled (550
 * 5.2.252), so the server is not asked again for DENIED_S.
 *
 * A pair of a mailbox and a From address is a fact of the store.
 */
#define DENIED_S (6 * 3600)

/*
 * The address as which the message leaves, when that is another than the
 * mailbox's own (account.rewrite, account.senders), in one case, for the caller
 * to free; or NULL.
 */
char *denied_from(const struct conf *conf, const struct conf_account *a,
    const struct store_message *m);

/* Does the server refuse that From to that mailbox? */
bool denied_by(const struct job_result *r, const char *from);

/* The mailbox's own address, by name: that is no message's fault. */
bool denied_itself(const struct job_result *r, const char *mailbox);

/* 1 with *at when that was, 0, -1. */
int denied_find(struct store *s, const char *mailbox, const char *from,
    int64_t now, int64_t *at, struct err *e);
int denied_note(struct store *s, const char *mailbox, const char *from,
    int64_t at, struct err *e);

/* Somebody wants it to be asked again: that one, or (NULL) all. */
int denied_lift(
    struct store *s, const char *mailbox, const char *from, struct err *e);

/* What is over is forgotten. */
int denied_forget(struct store *s, int64_t now, struct err *e);

#endif
