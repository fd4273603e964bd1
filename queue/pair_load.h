/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_PAIR_LOAD_H
#define QUEUE_PAIR_LOAD_H

#include "common/conf.h"
#include "common/err.h"
#include "common/proto_pair.h"

/*
 * Reads the certificate and the key of a listener, by the rules of secret
 * files (queue/secret.h), and has an smtpd judge them, which takes some
 * milliseconds.  0 with *p, which the caller wipes, and *j; -1 with *e filled
 * when they cannot serve.
 *
 * So a client never meets files that somebody is just writing: what they hold
 * is taken when it goes together, and then once for all clients.
 */
int pair_load(const struct conf *conf, const struct conf_listen *l,
    struct pair *p, struct pair_judged *j, struct err *e);

#endif
