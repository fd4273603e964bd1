/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PARCEL_H
#define COMMON_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/envelope.h"
#include "common/err.h"
#include "common/proto_submit.h"
#include "common/size_limit.h"
#include "common/source.h"

/*
 * One submission as the frames of common/proto_submit.h, which can be sent
 * more than once: to the daemon, and when that fails to the drop folder, under
 * the same id.  The source gives the finished message in canonical form;
 * its first PARCEL_MEMORY octets stay in memory, what follows passes through.
 */

#define PARCEL_MEMORY (1024 * 1024)

struct parcel;

/* Takes nothing over: env, and the source's arg, outlive the parcel. */
struct parcel *parcel_new(const struct submit_head *head,
    const struct envelope *env, const struct source *source,
    struct size_limit limit);
void parcel_free(struct parcel *p);

/*
 * Reads what memory may hold.  After it *env may still be changed; the first
 * parcel_next fixes it.  -1 with *e filled: the source failed, or the message
 * is too large (status PARCEL_TOO_LARGE).
 */
#define PARCEL_TOO_LARGE "5.3.4" /* RFC 3463: message too big for system */
int parcel_fill(struct parcel *p, struct err *e);

/* May a message of so many octets be sent?  0, or -1 with *e filled. */
int parcel_check_size(uint64_t size, struct size_limit limit, struct err *e);

/* What a daemon must know to take it. */
uint64_t parcel_version(const struct parcel *p);

/* The whole message is in memory. */
bool parcel_is_whole(const struct parcel *p);

/*
 * What is known of its octets: said is what its writer says.  That is a hint;
 * octets beyond ASCII are seen, and never stripped.
 */
enum body_type parcel_body(const struct parcel *p, enum body_type said);

/* The next frames come from memory, without reading the source. */
bool parcel_is_ready(const struct parcel *p);

/*
 * Appends the next frames, about 64 KiB of them, to out.  1 when more follow,
 * 0 when END was among them, -1 with *e filled.
 */
int parcel_next(struct parcel *p, struct buf *out, struct err *e);

/* Starts over with the first frame; -1 with *e filled when it cannot. */
int parcel_rewind(struct parcel *p, struct err *e);

#endif
