/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "common/conf.h"
#include "queue/job.h"

struct expand;

/*
 * Notices of ours about mail that failed: written into the queue in the same
 * transaction that makes the recipient failed, so that no failure is ever
 * silent.  There is never a bounce of a bounce: a notice that fails goes to
 * local.admin once, and failing that is held.
 */
struct bounce;
struct bounce *bounce_new(
    const struct conf *conf, struct store *s, struct expand *expand);
void bounce_free(struct bounce *b);

/*
 * One job's notice: begin, note each failed recipient that bounce_can_tell
 * allows, write.
 */
void bounce_begin(struct bounce *b);

/*
 * May the recipient be given up?  Not when its sender would have to be told
 * and leads to nobody, as a local name does without local.admin.
 */
bool bounce_can_tell(struct bounce *b, const struct job *j, size_t i);
void bounce_note(
    struct bounce *b, const struct job *j, size_t i, enum rcpt_state to);
int bounce_write(
    struct bounce *b, const struct job *j, int64_t now, struct err *e);

/* Octets of the notice that bounce_write made, due at once; 0: none. */
size_t bounce_written(const struct bounce *b);

uint64_t bounce_notice_id(const struct bounce *b); /* of that notice */

/* A notice itself: what fails of it is held, not bounced. */
bool bounce_is_last_word(const struct job *j);

#endif
