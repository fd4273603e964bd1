/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SETUP_H
#define SMTPD_SETUP_H

#include "common/proto_listen.h"
#include "common/proto_pair.h"

/*
 * What mailchuted's parent writes on the channel LISTEN_FD as soon as it has
 * started us (queue/fork_servers.h): for whom we are there and, when
 * s->has_pair, with which key.  It is waited for.  The caller clears s and
 * wipes p.  -1 with *e filled, and nothing to clear.
 */
int setup_read(struct listen_setup *s, struct pair *p, struct err *e);

#endif
