/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_SENDER_H
#define SENDMAIL_SENDER_H

#include <stdbool.h>

#include "common/envelope.h"
#include "common/err.h"
#include "sendmail/identity.h"

/*
 * Settles the envelope's sender.  given is the argument of -f: an address,
 * bare or with a name around it, or "" or "<>" for the null sender; NULL means
 * the caller, who is then looked up.  -1 with *e filled when it is none.
 */
int sender_settle(struct envelope *env, const char *given,
    struct identity *caller, struct err *e);

/*
 * An argument that goes into a header or an envelope holds a control
 * character; what is its option or "recipient", for the text.
 */
int sender_check_argument(const char *what, const char *arg, struct err *e);

#endif
