/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_SMTP_H
#define SENDMAIL_SMTP_H

#include "sendmail/args.h"

/*
 * sendmail -bs: becomes smtpd, which speaks SMTP on standard input and output.
 * Returns the exit status where that cannot be.
 */
int smtp_speak(const struct args *a);

#endif
