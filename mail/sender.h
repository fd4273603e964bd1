/* SPDX-License-Identifier: ISC */
#ifndef MAIL_SENDER_H
#define MAIL_SENDER_H

#include <stdbool.h>

#include "common/envelope.h"
#include "common/err.h"
#include "mail/identity.h"

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

/*
 * The author of a message without From: the envelope's sender, for a null
 * sender the caller; and the name that was given, or else the caller's own.
 */
void sender_author(const struct envelope *env, struct identity *caller,
    const char *full_name, const char **address, const char **name);

#endif
