/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ADMIT_H
#define QUEUE_ADMIT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/proto_submit.h"
#include "queue/origin.h"

struct ask;
struct batch;
struct expand;
struct limits;
struct store;
struct times;

/*
 * Admission: what stands between a submission, however it came, and a row of
 * the queue.  Socket, drop folder and our own notices all pass here, so that
 * every limit and every rule is kept in one place.
 */
struct admit;
struct admit_parts {
	const struct conf *conf;
	struct times *times;
	struct store *store;
	struct batch *batch;
	struct limits *limits;
	struct expand *expand;
	struct ask *ask;
};
struct admit *admit_new(const struct admit_parts *parts);
void admit_free(struct admit *a);

/*
 * Who has this token (ORIGIN_TOKEN octets) is believed about where a message
 * comes from: reads the frame that says so.
 */
void admit_believe(struct admit *a, const uint8_t *token);
int admit_origin(
    struct admit *a, const struct frame *f, struct origin *out, struct err *e);

/* This one has been taken over: the parent ends it. */
void admit_accuse(const struct admit *a, pid_t smtpd);

/* Called after each commit that made mail: it may be due at once. */
typedef void admit_news(void *arg, const char *account);
void admit_on_news(struct admit *a, admit_news *f, void *arg);

/* For mail that was made beside admission: a notice of ours. */
void admit_tell_news(const struct admit *a, const char *account);

/*
 * One message on its way in.  The order of calls is: new, data..., finish.
 * Between them the caller may be asked to pause (admission_is_busy): a large
 * body is written as it comes, a commit for each MiB.
 */
struct admission;

/* How it ended: exactly once, from the loop.  why is NULL when accepted. */
typedef void admission_end(void *arg, uint64_t queue_id, const struct err *why);

/* Room was made after admission_is_busy. */
typedef void admission_room(void *arg);

struct admission_caller {
	uid_t uid; /* whose message it is, told by the kernel */
	admission_end *end;
	admission_room *room;
	void *arg;
	const struct origin *origin; /* by a listener; NULL: by none */
};

/*
 * Begins with the envelope, whose contents are moved out of *env.  NULL with
 * *e filled when it is refused already: limits, addresses, rights, the disk.
 */
struct admission *admission_new(struct admit *a,
    const struct admission_caller *caller, const struct submit_head *head,
    struct envelope *env, struct err *e);

/* Takes bytes of the body; -1 with *e filled when it is refused. */
int admission_data(struct admission *m, const void *p, size_t n, struct err *e);
bool admission_is_busy(const struct admission *m);
const char *admission_sender(const struct admission *m);

/*
 * The body is complete: size as the client counted it.  0: the end will be
 * told by caller->end; -1 with *e filled when it is refused here.
 */
int admission_finish(struct admission *m, uint64_t size, struct err *e);

/*
 * Gives it up, at any time before its end was told; what was staged goes
 * away.  After the end it frees what is left.
 */
void admission_drop(struct admission *m);

#endif
