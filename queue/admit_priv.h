/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ADMIT_PRIV_H
#define QUEUE_ADMIT_PRIV_H

#include "queue/admit.h"
#include "queue/store.h"
#include "queue/submitter.h"

/* What the files of admission share. */
struct expanded;
struct flood;
struct rates;

struct admit {
	struct admit_parts parts;
	const uint8_t *token; /* NULL: nobody's */
	admit_news *news;
	void *news_arg;
	struct flood *flood;
	struct rates *rates; /* of listeners' clients */
};

struct admission {
	struct admit *admit;
	struct admission_caller caller;
	struct origin origin; /* a copy: the caller's goes with its answer */
	struct submit_head head;
	struct envelope env;
	struct expanded *targets;
	struct store_message row;
	struct buf pending; /* bytes not yet in the store */
	uint64_t size;      /* octets given by the client */
	uint64_t traced;    /* octets of ours in front of them */
	char last;          /* octet before the next: for the canonical form */
	bool is_staged;     /* there are rows in the store */
	bool is_busy;       /* a part or the end is on its way to the store */
	bool is_dropped;    /* the caller has gone; free when not busy */
	uint64_t earlier;   /* queue id of the same submission, if any */
};

/* The device of a listener whose message it is, and who that is in all. */
static inline uint32_t
admission_device(const struct admission *m)
{
	return m->caller.origin == NULL ? DEVICE_NONE
					: m->caller.origin->device;
}

static inline uint64_t
admission_who(const struct admission *m)
{
	return submitter_of(m->caller.uid, admission_device(m));
}

/* admit_log.c: of one that is in the queue now. */
void admit_log_queued(const struct admission *m);
void admit_watch_rate(const struct admission *m);

#endif
