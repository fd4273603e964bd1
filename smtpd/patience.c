/* SPDX-License-Identifier: ISC */
/* The deadlines of a client. */
#include "config.h"

#include "common/proto_submit.h"
#include "smtpd/patience.h"

#define LOCAL_COMMAND_MS (3600 * 1000)
#define LOCAL_TEXT_MS    SUBMIT_WRITER_MS

/* RFC 5321 4.5.3.2 asks for 5 minutes; the rate is that of a slow modem. */
#define PUBLIC_COMMAND_MS (5 * 60 * 1000)
#define PUBLIC_BETWEEN_MS (30 * 60 * 1000)
#define PUBLIC_TEXT_MS    (2 * 3600 * 1000)
#define PUBLIC_START_MS   (5 * 60 * 1000)
#define PUBLIC_RATE       100

/*
 * Who is refused hears so when it has said all, as most clients do, and should:
 * one that hears nothing sends again.  A scan that is twice too large ends
 * within this, and what does not is no scan.
 */
#define PUBLIC_REFUSED_MS  (5 * 60 * 1000)
#define PUBLIC_REFUSED_MAX (64 * 1024 * 1024)

/* What devices need that mean to send. */
#define CROWDED_COMMAND_MS  (60 * 1000)
#define CROWDED_BETWEEN_MS  (5 * 60 * 1000)
#define CROWDED_TEXT_MS     (30 * 60 * 1000)
#define CROWDED_START_MS    (2 * 60 * 1000)
#define CROWDED_RATE        1000
#define CROWDED_REFUSED_MS  (60 * 1000)
#define CROWDED_REFUSED_MAX (32 * 1024 * 1024)

const struct patience patience_local = { LOCAL_COMMAND_MS, 0, LOCAL_TEXT_MS, 0,
	0, 0, 0 };
const struct patience patience_public = { PUBLIC_COMMAND_MS, PUBLIC_BETWEEN_MS,
	PUBLIC_TEXT_MS, PUBLIC_START_MS, PUBLIC_RATE, PUBLIC_REFUSED_MS,
	PUBLIC_REFUSED_MAX };
const struct patience patience_crowded = { CROWDED_COMMAND_MS,
	CROWDED_BETWEEN_MS, CROWDED_TEXT_MS, CROWDED_START_MS, CROWDED_RATE,
	CROWDED_REFUSED_MS, CROWDED_REFUSED_MAX };

int64_t
patience_between(const struct patience *p, int64_t now_ms)
{
	return p->between_ms == 0 ? INT64_MAX : now_ms + p->between_ms;
}

int64_t
patience_text(const struct patience *p, int64_t since_ms, uint64_t octets)
{
	int64_t whole = since_ms + p->text_ms, so_far;

	if (p->rate == 0 || octets / p->rate >= (uint64_t)p->text_ms / 1000)
		return whole;
	so_far = since_ms + p->start_ms + (int64_t)(octets * 1000 / p->rate);
	return so_far < whole ? so_far : whole;
}

bool
patience_reads_on(const struct patience *p, int64_t after_ms, uint64_t octets)
{
	return (p->refused_ms == 0 || after_ms < p->refused_ms) &&
	       (p->refused_max == 0 || octets < p->refused_max);
}
