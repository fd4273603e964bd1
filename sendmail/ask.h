/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_ASK_H
#define SENDMAIL_ASK_H

#include "sendmail/args.h"

/* mailq and "sendmail -bp": prints the queue; the exit status. */
int ask_list(const struct args *a);

/* "sendmail -q" and its variants: makes due what waits; the exit status. */
int ask_flush(const struct args *a);

#endif
