/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_VERIFY_H
#define SENDMAIL_VERIFY_H

#include "sendmail/args.h"

/*
 * "sendmail -bv": says of each address whether it is well-formed and where it
 * would go; sends nothing.  The exit status: 65 when one is not.
 */
int verify_addresses(const struct args *a);

#endif
