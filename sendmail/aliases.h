/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_ALIASES_H
#define SENDMAIL_ALIASES_H

#include "sendmail/args.h"

/*
 * newaliases, "sendmail -bi", "sendmail -I": there is no database to build, as
 * mailchuted reads the file itself.  The exit status is 0, since scripts of
 * packages run this; what is wrong is told on stderr.
 */
int aliases_check(const struct args *a);

#endif
