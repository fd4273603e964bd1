/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_EXPIRY_H
#define QUEUE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "queue/signin.h"

/*
 * What an account signs in with, or a listener shows to its clients, and when
 * it ends: the rules, over a clock passed in.  A date is the wall clock's, and
 * stays when somebody sets that.
 */
enum expiry_what {
	EXPIRY_REFRESH,     /* the refresh token: 90 days after its last use */
	EXPIRY_SECRET,      /* the client secret */
	EXPIRY_CERTIFICATE, /* the application's certificate */
	EXPIRY_PASSWORD,    /* Microsoft's date for sign-in with passwords */
	EXPIRY_LISTENER,    /* a listener's certificate */
	EXPIRY_WHATS
};

/* How the date is known. */
enum expiry_source {
	EXPIRY_BY_CONF,        /* account.client_secret_expires */
	EXPIRY_BY_ERROR,       /* the token endpoint says that it has ended */
	EXPIRY_BY_CERTIFICATE, /* read in it */
	EXPIRY_BY_USE,
	EXPIRY_BY_NOTE, /* announced: none of our own dates */
	EXPIRY_SOURCES
};

/* The names of --json and of the table. */
const char *expiry_what_name(enum expiry_what what);
const char *expiry_source_name(enum expiry_source source);

/*
 * Ahead of an end it is told at 30, 14, 7 and 1 days, and at the end: stage 0
 * is before all of them, and EXPIRY_OVER is the last.
 */
#define EXPIRY_OVER 5
unsigned expiry_stage(int64_t at, int64_t now);

/* From this on it is no more than a matter of days: status warns. */
#define EXPIRY_SOON_S (14 * 24 * 3600)

struct expiry {
	int64_t at; /* 0: nothing is known, or nothing ends */
	enum expiry_source source;
	unsigned warned; /* the last stage that the log has heard of */
	unsigned mailed; /* and local.admin */
};

/*
 * Whose something is, an account's or a listener's: the other is NULL.  And
 * what is known of it now.
 */
struct expiry_subject {
	const struct conf_account *account;
	const struct signin *signin; /* NULL: it asks for no tokens */
	const struct conf_listen *listener;
	int64_t cert_until; /* the one in use; 0: there is none, or no word */
};

/* Accounts and listeners have names of their own: either may be called so. */
const char *expiry_subject_name(const struct expiry_subject *s);
bool expiry_is_listeners(enum expiry_what what);

/* Is there one?  What there is not is forgotten. */
bool expiry_applies(const struct expiry_subject *s, enum expiry_what what);

/* What is known of it now: false when that is nothing. */
bool expiry_find(const struct expiry_subject *s, enum expiry_what what,
    struct expiry *found);

/*
 * x is brought up to what is known now; found as expiry_find has it, or NULL.
 * True when it is to be written.  One that was put off begins anew.
 */
bool expiry_update(
    struct expiry *x, const struct expiry *found, const struct signin *signin);

/*
 * Is there something to tell, in the log and by mail?  The stage is noted as
 * told: of several that were missed the last one is enough.
 */
bool expiry_warn(struct expiry *x, int64_t now);
bool expiry_mail(struct expiry *x);

/* Days that are left, rounded down; 0 from the last day on. */
int64_t expiry_days(int64_t at, int64_t now);

/* Does it make the verdict of status a warning? */
bool expiry_is_soon(const struct expiry *x, int64_t now);

/* All for the caller to free; a title of a few words, and sentences. */
struct expiry_words {
	char *title, *text, *meaning, *fix;
};
void expiry_describe(const struct conf *conf, const struct expiry_subject *s,
    enum expiry_what what, const struct expiry *x, int64_t now,
    struct expiry_words *w);
void expiry_words_clear(struct expiry_words *w);

#endif
