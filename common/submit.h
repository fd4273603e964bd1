/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SUBMIT_H
#define COMMON_SUBMIT_H

#include <stdint.h>

#include "common/err.h"
#include "common/parcel.h"
#include "common/proto_submit.h"

/*
 * The conversation with mailchuted on its socket "submit".
 */

enum submit_outcome {
	SUBMIT_OUT_QUEUED,
	SUBMIT_OUT_REFUSED,    /* *e is the daemon's word; that is final */
	SUBMIT_OUT_UNANSWERED, /* *e says why; the drop folder may take it */
	SUBMIT_OUT_FAILED      /* the parcel failed, as *e says */
};

/* How long each thing may take, in milliseconds. */
struct submit_limits {
	int64_t backlog_ms;  /* for a place in the socket's backlog */
	int64_t greeting_ms; /* from the connection to the greeting */
	int64_t progress_ms; /* without an octet taken, or for the answer */
};
extern const struct submit_limits submit_limits;

/* queue_id is filled when the outcome is SUBMIT_OUT_QUEUED. */
enum submit_outcome submit_to(const char *socket_path, struct parcel *p,
    const struct submit_limits *limits, char queue_id[QUEUE_ID_LEN + 1],
    struct err *e);

/*
 * A connection that is already there and does not block.  For one that
 * mailchuted knows the origin of (common/proto_origin.h) there may be more than
 * one message on it, one after another; whether it still stands, the next one
 * finds out.
 */
struct submit_link {
	int fd;           /* the caller's */
	uint64_t version; /* of mailchuted; 0: it has not greeted yet */
};
enum submit_outcome submit_over(struct submit_link *l, struct parcel *p,
    const struct submit_limits *limits, char queue_id[QUEUE_ID_LEN + 1],
    struct err *e);

#endif
