/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_SECRET_H
#define DELIVERY_SECRET_H

#include "common/buf.h"
#include "common/err.h"

/*
 * Asks mailchuted's parent for what the account signs in with: the first line
 * of what it hands over.  Called only once TLS is up and verified.  out is made
 * by buf_init with JOB_SECRET_MAX, and the caller wipes it (buf_wipe).
 */
int secret_ask(int sock, struct buf *out, struct err *e);

#endif
