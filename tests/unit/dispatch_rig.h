/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_DISPATCH_RIG_H
#define TESTS_UNIT_DISPATCH_RIG_H

#include "common/proto_job.h"
#include "queue/ask.h"
#include "tests/unit/office.h"

/*
 * An office whose parent and whose deliver processes are the test.  What the
 * parent will answer lies in its socket before the question is asked.
 */
struct deliver {
	int fd;
	struct buf in;   /* frames not yet looked at */
	struct buf last; /* the frame looked at */
};

extern struct dispatch_rig {
	struct office o;
	int parent;
	int64_t now; /* wall seconds when the test began */
} rig;

void rig_up(const char *options);
void rig_down(void);

/* The next question to the parent is answered by a new deliver, or by no. */
void will_start(struct deliver *d);
void will_refuse(const char *text);
void will_stamp(uint64_t size);

/* The parent was asked this, or nothing more. */
struct ask_request asked(enum ask_what what);
void not_asked(void);

/* A message of that user, due at once. */
uint64_t post(uid_t uid, const char *to);

/* One to so many recipients, 4 at most; a@example.com, b@example.com, ... */
uint64_t post_to_many(uid_t uid, size_t n);

#define RIG_LARGE (4 * 1024 * 1024) /* octets */

/* To a@example.com, larger than the channel holds: it has no end yet. */
uint64_t post_large(void);
uint64_t post_line(void); /* a quarter of that, in a single line */
void kick(void);

/* How often a message was tried. */
unsigned attempts(uint64_t id);

/* The next frame to deliver is of that type; or there is none yet. */
struct frame hears(struct deliver *d, enum job_type type);
void hears_any(struct deliver *d, struct frame *f);
void hears_nothing(struct deliver *d);

/* BODY frames, and the one that ends them: how many octets. */
size_t hears_body(struct deliver *d, enum job_type end);

/* Reads a whole message: its id; the body but its end has come. */
uint64_t hears_message(struct deliver *d);

void says_ready(struct deliver *d);
void puts_ready(struct deliver *d); /* and the loop has not turned since */
void says_failed(struct deliver *d, enum job_outcome outcome,
    enum job_scope scope, const char *text);
void says_refused(struct deliver *d, const char *text);
void says_closed(struct deliver *d, enum job_outcome outcome);

/* The same two of a process that has not ended yet. */
void only_fails(struct deliver *d, enum job_outcome outcome,
    enum job_scope scope, const char *text);
void only_closes(struct deliver *d, enum job_outcome outcome);
void says_result(struct deliver *d, uint64_t rcpt, enum job_outcome outcome,
    enum job_scope scope, unsigned code);
void says_refusal(struct deliver *d, uint64_t rcpt, unsigned code,
    const char *status, const char *text); /* of the message, for ever */
void says_done(struct deliver *d);
void puts_done(struct deliver *d); /* the same */

/* Hangs up, as a process that ended; fine twice. */
void hangs_up(struct deliver *d);

/* One message from MESSAGE to its 250. */
uint64_t takes_one(struct deliver *d);

struct dispatch_view view(size_t account);

#endif
