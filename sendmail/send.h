/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_SEND_H
#define SENDMAIL_SEND_H

#include "sendmail/args.h"

/* Takes a message from standard input and makes it safe; the exit status. */
int send_message(const struct args *a);

#endif
