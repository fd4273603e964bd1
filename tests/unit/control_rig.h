/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_CONTROL_RIG_H
#define TESTS_UNIT_CONTROL_RIG_H

#include "common/proto_ctl.h"
#include "tests/unit/office.h"

/*
 * A client of the control contract on a socketpair.  The kernel says who asks,
 * so that each request is made as the user whose rights are meant.
 */
#define STRANGER 12345 /* no user of this host */

extern struct control_rig {
	struct office o;
	bool is_reader; /* the queue can only be read */
	bool is_daemon;
	char said[262144];         /* the answer, a line a frame */
	struct ctl_recipient last; /* row of the answer */
	int status;                /* of DONE; -1: there was none */
	int64_t since;             /* of the verdict */
	struct ctl_host host;
} rig;

/* For cmocka: an office that delivers nothing while a test looks at it. */
int control_set_up(void **state);
int control_tear_down(void **state);
#define in_rig(f) \
	cmocka_unit_test_setup_teardown(f, control_set_up, control_tear_down)

/* As after a restart: what the store holds of accounts is read again. */
void control_reopen(void);

/* Asks with these bytes, and reads to the end; false without a DONE. */
bool ask_with(uid_t uid, const void *p, size_t n);

/* Asks as that user; the answer is in rig.said and rig.status. */
void ask_request(uid_t uid, const struct ctl_request *r);

/* One verb over one or two ids, or over all with 0. */
void ask_verb(uid_t uid, enum ctl_verb verb, uint64_t first, uint64_t second);

/* A message of 25 octets. */
uint64_t post(uid_t uid, const char *to);

void says(const char *part);
void says_not(const char *part);

#endif
