/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_ALARM_RIG_H
#define TESTS_UNIT_ALARM_RIG_H

#include "tests/unit/dispatch_rig.h"

/*
 * An office that watches for alarms, whose parent is the test (dispatch_rig.h).
 * The queue's clock is the test's as well: it is what the queue has not
 * followed yet of the wall clock.
 */
#define HOUR 3600
#define DAY  (24 * HOUR)

#define ONE   OFFICE_ADMIN OFFICE_ACCOUNT
#define OTHER "[account other]\nprovider = smtp\nhost = 127.0.0.1\ntls = none\n"
#define TWO   ONE OTHER

void up(const char *options); /* rig_up, and the watch */
/* The clock itself goes on too: keep some seconds away from a limit. */
void later(int64_t seconds);
void look(void);

/* What a new start does, as far as alarms go. */
void restart(void);

/* The text that the parent is to tell; valid until the next. */
const char *told(void);
void has(const char *text, const char *part);

/* "stall other, disk-full -": those that last. */
const char *lasting(void);

uint64_t post_to(const char *account);

/*
 * One try of that account's mail, which the server refuses to sign in.  mail is
 * the session for the mail that tells it, or NULL.
 */
void is_refused(const char *account, struct deliver *mail);

/* One attempt for an account that waits, up to its session. */
void may_try(size_t account, struct deliver *d);

#endif
