/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_REPORT_H
#define SMTPD_REPORT_H

#include "common/proto_listen.h"
#include "common/proto_words.h"
#include "smtpd/channel.h"
#include "smtpd/reply.h"

/*
 * What becomes known of a client that is refused something: the client hears a
 * few words (common/device_words.h), the log the reason and what to change,
 * and the report of devices a figure (common/proto_trouble.h).  Each is
 * bounded, whatever the client does.
 */
#define REPORT_LINES 20 /* in the log, of one session */

struct report {
	struct channel *channel;
	const struct listen_setup *setup;
	const struct client_words *words; /* as far as they are known */
	unsigned lines;
	bool has_told;
	uint64_t count; /* troubles that were not told yet */
	char last[256];
};

/* A reply of 400 or more, before it leaves: its text becomes the words. */
void report_refused(struct report *p, struct reply *r);

/* It failed without a reply: a handshake. */
void report_failed(struct report *p, const char *text);

/* The session is over: what was not told yet. */
void report_end(struct report *p);

#endif
