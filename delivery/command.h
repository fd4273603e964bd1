/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_COMMAND_H
#define DELIVERY_COMMAND_H

#include "common/err.h"

struct conn;

/*
 * Puts one command into the output; the CRLF is added here.  A control byte in
 * it (an address that slipped through) is an error, ERR_LOCAL: nothing that
 * came with mail can become a command of its own.
 */
int command_put(struct conn *c, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
