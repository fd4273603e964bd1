/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_HANDOVER_H
#define SENDMAIL_HANDOVER_H

#include "common/err.h"
#include "sendmail/drop.h"
#include "sendmail/parcel.h"
#include "sendmail/report.h"

/* Where a message can go. */
struct route {
	const char *socket_path;
	struct drop drop;
};

/*
 * Makes a message safe: the daemon has committed it, or it lies in the drop
 * folder on disk.  -1 with *e filled when neither is so.
 */
int handover(const struct route *to, struct parcel *p, const struct report *r,
    struct err *e);

#endif
