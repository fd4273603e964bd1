/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_SASL_H
#define DELIVERY_SASL_H

#include "common/buf.h"
#include "common/conf.h"
#include "common/err.h"

/*
 * Signing in (RFC 4954): one function a mechanism, without a SASL library.
 * The caller has made sure that the connection is protected.
 */

struct conn;
struct reply;

/* "XOAUTH2", as in EHLO; and its bit there (delivery/ehlo.h), 0 for none. */
const char *sasl_name(enum auth_mech mech);
unsigned sasl_bit(enum auth_mech mech);

/*
 * Speaks the mechanism's dialogue up to its last reply, which is in *r and the
 * caller's to judge.  -1 with *e filled when the connection failed, or the
 * server asked for what the mechanism does not have.
 */
int sasl_sign_in(struct conn *c, enum auth_mech mech, const char *user,
    const struct buf *secret, struct reply *r, struct err *e);

#endif
