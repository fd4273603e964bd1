/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_LOGS_H
#define QUEUE_LOGS_H

#include <stdbool.h>

#include "common/conf.h"
#include "queue/dirs.h"

/* As root: makes log.file, for the user that mailchuted becomes. */
void logs_make_file(const struct conf *c, const struct identity *id);

/*
 * Takes lines to where the configuration says, or with trusted false never to
 * a file; one that is open already is opened anew.  -1 with errno set when
 * that fails; lines then go where they went.
 */
int logs_open(const struct conf *c, bool trusted);

/* The same while the daemon runs: a failure is told where lines went. */
void logs_reopen(const struct conf *c, bool trusted);

#endif
