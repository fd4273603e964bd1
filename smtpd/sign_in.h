/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SIGN_IN_H
#define SMTPD_SIGN_IN_H

#include "common/err.h"
#include "smtpd/auth.h"
#include "smtpd/channel.h"

/*
 * Asks whether that is the password of that login: a checker
 * (common/proto_check.h) compares, and the parent says yes or no on the channel
 * of common/proto_listen.h, once it has noted whose messages come from now on.
 * *e says why of SIGN_IN_LATER.
 */
enum sign_in_result sign_in_ask(
    struct channel *c, const char *login, const char *password, struct err *e);

#endif
