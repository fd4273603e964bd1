/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_ADMIT_RIG_H
#define TESTS_UNIT_ADMIT_RIG_H

#include "queue/admit.h"
#include "tests/unit/office.h"

#define UID 1000
#define MIB (1024 * 1024)

/* One submission as its caller sees it. */
struct parcel {
	struct admission *m;
	bool has_ended;
	uint64_t id; /* when accepted */
	struct err why;
	size_t rooms;
};

void to(struct envelope *env, const char *sender, const char *rcpt);

/* The envelope's contents are moved, whatever becomes of it. */
int begin(struct office *o, struct parcel *p, uid_t uid, uint8_t number,
    struct envelope *env);
void begin_plain(struct office *o, struct parcel *p, uint8_t number);
void data(struct office *o, struct parcel *p, const char *text, size_t n);
void finish(struct office *o, struct parcel *p, uint64_t size);
void refused(struct office *o, enum err_class class, const char *status);

/* The whole message as it lies in the store; for free(). */
char *stored(struct office *o, uint64_t id, size_t *n);

#endif
