/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_SYSEXIT_H
#define SENDMAIL_SYSEXIT_H

#include "common/err.h"

/*
 * The exit status of sysexits(3) for a failure, by its class and RFC 3463
 * status: our own, or the daemon's refusal.
 */
int sysexit_of(const struct err *e);

#endif
