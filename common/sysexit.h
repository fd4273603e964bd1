/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SYSEXIT_H
#define COMMON_SYSEXIT_H

#include "common/err.h"

/* RFC 3463 status of every failure to read the message: exit 66. */
#define INPUT_STATUS "5.3.0"

/*
 * The exit status of sysexits(3) for a failure, by its class and RFC 3463
 * status: our own, or the daemon's refusal.
 */
int sysexit_of(const struct err *e);

#endif
