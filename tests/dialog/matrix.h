/* SPDX-License-Identifier: ISC */
#ifndef TESTS_DIALOG_MATRIX_H
#define TESTS_DIALOG_MATRIX_H

#include <stddef.h>

#include "tests/dialog/script.h"

/*
 * Bad replies: each fault in each place of a session.  matrix_table.c says what
 * there is of both and what has to come of it, matrix.c plays it.
 */

/* Where in the session, in its order; FLIGHT is one flight with BDAT. */
enum place {
	GREETING,
	EHLO,
	STARTTLS,
	EHLO_TLS,
	AUTH,
	AUTH_USER,
	AUTH_PASSWORD,
	MAIL,
	RCPT,
	DATA,
	DOT,
	MAIL_AGAIN, /* of a second message on the same connection */
	QUIT,
	FLIGHT_MAIL,
	FLIGHT_RCPT,
	FLIGHT_DOT
};
#define PLACES (FLIGHT_DOT + 1)

/* What the server was to have said there. */
struct step {
	const char *name;
	const char *hears; /* before; NULL: nothing, or more than a line */
	const char *good;
};
extern const struct step matrix_steps[PLACES];

/* What a fault is to whoever hears it. */
enum kind {
	LOST,    /* no reply at all, or none that makes sense */
	REFUSED, /* a 5yz that is sound and that no row knows */
	BYE,     /* 421 */
	WRONG,   /* 3yz in place of 2yz, 2yz in place of 3yz */
	TWICE    /* the right reply, and one more */
};

enum after {
	STAYS,
	CLOSES,
	RESETS
};

struct fault {
	const char *name;
	enum kind kind;
	const char *octets; /* NULL: WRONG and TWICE depend on the place */
	size_t n;           /* of octets; 0: up to their NUL */
	unsigned repeat;    /* so many times; 0: once */
	enum after after;
};
extern const struct fault matrix_faults[];
extern const size_t matrix_faults_n;

/* "OUTCOME SCOPE CODE" of the message, or NULL; and how the session ends. */
struct expected {
	const char *result, *end;
	unsigned copies; /* whole messages that the server got */
};
struct expected matrix_expected(enum place at, enum kind kind);

#endif
