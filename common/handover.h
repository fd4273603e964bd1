/* SPDX-License-Identifier: ISC */
#ifndef COMMON_HANDOVER_H
#define COMMON_HANDOVER_H

#include "common/drop.h"
#include "common/err.h"
#include "common/parcel.h"

/* Where a message can go. */
struct route {
	const char *socket_path;
	struct drop drop;
};

/* Where it went. */
struct handed {
	char queue_id[QUEUE_ID_LEN + 1]; /* "": it lies in the drop folder, */
	struct err why;                  /* for this reason */
};

/*
 * Makes a message safe: the daemon has committed it, or it lies in the drop
 * folder on disk, as *out then says.  -1 with *e filled when neither is so.
 */
int handover(const struct route *to, struct parcel *p, struct handed *out,
    struct err *e);

#endif
