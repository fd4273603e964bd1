/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "common/conf.h"
#include "queue/job.h"
#include "queue/notice.h"

struct expand;

/*
 * Notices of ours about mail that failed, is late, or went where nobody
 * reports: written into the queue in the same transaction that settles the
 * recipient, so that no failure is ever silent.  There is never a bounce of a
 * bounce: a notice that fails goes to local.admin once, and failing that is
 * held.
 */
struct bounce;
struct bounce *bounce_new(
    const struct conf *conf, struct store *s, struct expand *expand);
void bounce_free(struct bounce *b);

/*
 * One job's notices: begin, note each failed recipient that bounce_can_tell
 * allows and each one delivered, write.
 */
void bounce_begin(struct bounce *b);

/*
 * May the recipient be given up?  Not when somebody would have to be told and
 * there is nobody: its sender leads nowhere, as a local name does without
 * local.admin, or it is local.admin that the mail without a sender was for.
 */
bool bounce_can_tell(struct bounce *b, const struct job *j, size_t i);

/* The same without a word in the log: what fails is kept elsewhere. */
bool bounce_has_reader(struct bounce *b, const struct job *j, size_t i);
void bounce_note(
    struct bounce *b, const struct job *j, size_t i, enum rcpt_state to);

/* Delivered: noted where its sender wants to know and the server won't say. */
void bounce_note_delivered(struct bounce *b, const struct job *j, size_t i);

/*
 * Writes the notices of what was noted, and one, once a message, of what still
 * waits after queue.delay_notice.  To be called after all states are written.
 */
int bounce_write(
    struct bounce *b, const struct job *j, int64_t now, struct err *e);

/* What bounce_write made, due at once; how many. */
#define BOUNCE_MADE_MAX 3
size_t bounce_made(
    const struct bounce *b, struct notice_made out[BOUNCE_MADE_MAX]);

/* A notice itself: what fails of it is held, not bounced. */
bool bounce_is_last_word(const struct job *j);

#endif
