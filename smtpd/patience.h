/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_PATIENCE_H
#define SMTPD_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a client is waited for: for a command, from one message to the next,
 * and for a text, which has to get on.  Who sends an octet a minute, or a
 * command every four, would else keep a place for days.  Arithmetic over a
 * clock that is passed in.
 */
struct patience {
	int64_t command_ms; /* for one, from its first octet to its last; and
			     * for the next octets of a text */
	int64_t between_ms; /* from the greeting or a message to the end of the
			     * commands of the next; 0: for ever */
	int64_t text_ms;    /* for a text */
	int64_t start_ms;   /* of a text, before it has to get on */
	unsigned rate;      /* octets a second then, on average; 0: any */
	/* For the rest of a text that was refused: so long, and so many octets
	 * of it; 0: to its end. */
	int64_t refused_ms;
	uint64_t refused_max;
};

/* A program of this host, which may be a person who types. */
extern const struct patience patience_local;

/* A client of a listener, and one where places are short. */
extern const struct patience patience_public;
extern const struct patience patience_crowded;

/* A message has ended, or none has begun: when its commands have to end. */
int64_t patience_between(const struct patience *p, int64_t now_ms);

/*
 * When more of a text has to be there that began at since_ms, and of which so
 * many octets have come.
 */
int64_t patience_text(
    const struct patience *p, int64_t since_ms, uint64_t octets);

/* Is a text read on that long and that many octets after it was refused? */
bool patience_reads_on(
    const struct patience *p, int64_t after_ms, uint64_t octets);

#endif
