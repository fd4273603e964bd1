/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_TEST_H
#define ADMIN_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/args.h"
#include "common/conf.h"
#include "common/ctl_ask.h"
#include "common/err.h"
#include "common/handover.h"

/*
 * "mailchute test": one message of mailchute's own through the queue, and each
 * stage of its way as it happens.
 */

/* The message, once it is composed; borrowed. */
struct test_mail {
	const char *to;
	const char *sender;     /* bare: a user of this host */
	const char *message_id; /* with its angle brackets */
	uint64_t octets;
};

/* Called when it is composed, before anybody takes it. */
typedef void test_composed(void *arg, const struct test_mail *m);

/*
 * Composes it, and hands it over as sendmail would: *out tells where it lies
 * then.  -1 with *e filled when it lies nowhere.
 */
struct test_sending {
	const struct args *args;
	const struct conf *conf;
	test_composed *composed;
	void *arg;
	char
	    *folder; /* where out->queue_id is "": it lies there; to be freed */
};
int test_mail_send(struct test_sending *s, struct handed *out, struct err *e);

/* What is told of the stages; what a person reads is a line each, and more. */
struct test_stages {
	bool json;
	bool is_quiet; /* nothing is printed: only what was last is kept */
	const struct conf *conf;
	char *last;           /* the last stage, as it is told to people */
	char *fix;            /* what to do about it; or NULL */
	struct strlist told;  /* what would only be said again */
	struct strlist ended; /* recipients */
	size_t naccepted, nrefused;
};
void test_stages_clear(struct test_stages *t);

void test_tell_composed(void *stages, const struct test_mail *m);
void test_tell_committed(struct test_stages *t, const char *id);
void test_tell_dropped(
    struct test_stages *t, const char *folder, const char *why);
/* The rows of CTL_FOLLOW: a ctl_row whose arg is the stages. */
int test_tell_row(void *arg, const struct frame *f, struct err *e);
/*
 * The whole way of one message, told by those; the exit status of "mailchute
 * test".
 */
int test_run(struct test_stages *t, const struct args *a);

/* Where nothing is printed: what is last. */
void test_tell_quiet(struct test_stages *t, const char *text);
void test_tell_end(
    struct test_stages *t, int status, const char *id, const char *text);

#endif
