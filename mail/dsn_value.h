/* SPDX-License-Identifier: ISC */
#ifndef MAIL_DSN_VALUE_H
#define MAIL_DSN_VALUE_H

#include <stdbool.h>

/*
 * The values of -N and NOTIFY=, -V and ENVID=, and ORCPT=.  What RFC 3461 does
 * not know must never leave: a strict server answers 501 to it, and that is the
 * end of the message.
 */

/* "never", or a list of success, failure and delay, to bits of NOTIFY_. */
bool dsn_value_notify(const char *value, unsigned *bits);

/* At most 100 octets of xtext. */
bool dsn_value_is_envid(const char *value);

/* "rfc822;..." or another type of address, with at most 500 octets. */
bool dsn_value_is_orcpt(const char *value);

#endif
