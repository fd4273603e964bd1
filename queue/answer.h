/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ANSWER_H
#define QUEUE_ANSWER_H

#include <stdbool.h>

#include "common/conf.h"
#include "queue/dirs.h"

/*
 * "mailchuted --answer": no daemon runs, and a client started us on the
 * descriptor CTL_FD to answer one control request.  The drop folder is
 * imported first where we may write, so that mailq shows what waits there.
 * The lock is held for the import and for a change, not for a listing, which
 * may be read slowly.  Returns an exit status.
 */
int answer_run(const struct conf *conf, const struct identity *identity);

/*
 * Is it asked to have the accounts sign in?  That takes more processes than
 * one: the parent's and a queue process, which is answer_check.
 */
bool answer_is_check(void);
struct engine_options;
int answer_check(const struct conf *conf, const struct engine_options *opt);

/* The answer of a daemon that has the queue after all; an exit status. */
int answer_by_daemon(const struct conf *conf);

/* An answer without rows; returns status. */
int answer_end(int status, const char *text);

/*
 * The answer of one that cannot even begin, so that the client tells it in its
 * own place; returns what to exit with.
 */
int answer_refuse(const struct conf *conf, int status, const struct err *why);

#endif
