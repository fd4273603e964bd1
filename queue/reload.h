/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_RELOAD_H
#define QUEUE_RELOAD_H

#include "common/conf.h"

/*
 * Reads the configuration of a running daemon again.  NULL, with each reason
 * logged, when it cannot be taken and the one of now goes on: it has errors,
 * or changes what only a new start can change (the user, the folders).
 */
struct conf *reload_read(const struct conf *now);

#endif
