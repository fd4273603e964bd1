/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_QUEUE_FIXTURE_H
#define TESTS_UNIT_QUEUE_FIXTURE_H

#include "queue/store.h"

/*
 * What the tests of the queue share: a folder of their own, and messages made
 * in a few words.  Each function asserts that it succeeds, unless its name
 * says otherwise.
 */

#define T0 1700000000 /* when most tests begin */

/* A new empty folder under $TMPDIR, for fixture_remove. */
char *fixture_directory(void);
void fixture_remove(char *directory);

struct store *fixture_open(const char *directory, struct store_opened *what);
struct store *fixture_reopen(struct store *s, const char *directory);

/*
 * A message of so many recipients (r1@example.com, ...) and octets, taken in
 * and committed, due at due_at.
 */
struct fixture_message {
	uid_t uid;
	const char *account; /* NULL: "" */
	enum message_kind kind;
	size_t recipients; /* 0: one */
	size_t octets;     /* 0: 100 */
	int64_t due_at;    /* 0: T0 */
	uint32_t device;
};
uint64_t fixture_add(struct store *s, struct fixture_message want);

/* The octet at a place of every message made here. */
unsigned char fixture_octet(uint64_t id, size_t at);

void fixture_begin(struct store *s);
void fixture_commit(struct store *s);

/* A folder with an open queue, for cmocka's set-up and tear-down. */
struct world {
	char *directory;
	struct store *s;
	struct err e;
};
int world_set_up(void **state);
int world_tear_down(void **state);

/*
 * Puts the queue that a mailchuted of version 1 has left (tests/data/queue-1)
 * into the directory: its path.
 */
char *fixture_stored(const char *directory, int version);

/* Runs SQL on the queue's file by a connection of its own. */
void fixture_tamper(const char *directory, const char *sql);

/* The number that SQL on the queue's file yields, by a connection of its own.
 */
int64_t fixture_number(const char *directory, const char *sql);

/*
 * Loops over faults take one in so many of them under a plain "make check",
 * which has little time, and all of them when TEST_THOROUGH is set.
 */
unsigned fixture_stride(unsigned plain);

/* The descriptor that would be opened next: what leaks one changes it. */
int fixture_next_fd(void);

/* One change, committed. */
void fixture_set(struct store *s, uint64_t message, uint64_t rcpt,
    enum rcpt_state from, enum rcpt_state to, int64_t due_at);

#endif
