/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_DROP_RIG_H
#define TESTS_UNIT_DROP_RIG_H

#include "queue/dropdir.h"
#include "tests/unit/office.h"

/*
 * A real drop folder beside a whole queue, replayed at the test's word.  Each
 * function asserts that it succeeds.
 */
struct drop_rig {
	struct office o;
	struct dropdir *d;
	size_t rounds;   /* that left nothing which can be read */
	int64_t mono_ms; /* the clock of back-offs */
};
extern struct drop_rig drop_rig;

void drop_up(const char *options);
void drop_down(void);

/* Watches the folder of another office; NULL when it cannot. */
struct dropdir *drop_watch(struct office *o);

/* A whole submission as the front end writes it; what is 0 is usual. */
struct drop_mail {
	uint8_t number; /* its id */
	uid_t owner;    /* where the test is root */
	const char *sender;
	const char *rcpt;
	size_t nrcpts; /* so many times rcpt */
	unsigned notify;
	enum dsn_ret ret;
	const char *text;
	size_t octets; /* of "x" when there is no text */
};
void drop_put(const char *name, struct drop_mail mail);

/* The octets of one, or of anything else. */
void drop_frames(struct buf *b, struct drop_mail mail);
void drop_write(const char *name, const void *p, size_t n);

char *drop_path(const char *name); /* for free() */
bool drop_is_there(const char *name);
size_t drop_files(void);

/* A round, to its end; or what is ready, and one slice of idle work. */
void drop_round(void);
void drop_turn(void);

#endif
