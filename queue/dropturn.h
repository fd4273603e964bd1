/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_DROPTURN_H
#define QUEUE_DROPTURN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whose drop file is read next.  The names of files that are ready wait in a
 * line for each owner, and the owners take turns: a heap of one's files delays
 * nobody else's.  An owner has a share of each round over the folder.
 *
 * Who is refused for now is tried again after a pause that doubles, one file
 * of his first, and another than the refused one, which has a longer pause of
 * its own: a file that never fits must not keep back those that would.
 *
 * Kept in memory alone.  The clock is passed in: monotonic milliseconds.
 */
struct dropturn;
struct dropturn *dropturn_new(void);
void dropturn_free(struct dropturn *t); /* NULL is fine */

/* A round begins: every owner has his whole share again. */
void dropturn_renew(struct dropturn *t, int64_t now_ms);

/* May this file join its owner's line? */
enum dropturn_word {
	DROPTURN_MAY,
	DROPTURN_SPENT, /* not in this round: his share of it is taken */
	DROPTURN_WAITS, /* not yet: he, or this file, was refused */
	DROPTURN_FULL   /* too many wait already, in all */
};
enum dropturn_word dropturn_may(
    struct dropturn *t, uid_t owner, const char *name, int64_t now_ms);
void dropturn_add(struct dropturn *t, uid_t owner, const char *name);
bool dropturn_is_full(const struct dropturn *t);

/*
 * The next one's turn, with so many places free to read in: *owner, and a name
 * for the caller to free.  NULL when nobody waits, or nobody may have one of
 * the places: who has some already leaves as many for others.  Each turn ends
 * by one of the calls below.
 */
char *dropturn_next(struct dropturn *t, size_t places, uid_t *owner);

/*
 * True: others of his were turned away while he was tried, and may come now:
 * another round is wanted.
 */
bool dropturn_accepted(struct dropturn *t, uid_t owner, const char *name);
void dropturn_refused(
    struct dropturn *t, uid_t owner, const char *name, int64_t now_ms);

/* Neither: the file was no message, or is gone. */
void dropturn_passed(struct dropturn *t, uid_t owner);

#endif
