/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_NOTICE_H
#define QUEUE_NOTICE_H

#include "common/conf.h"
#include "mail/dsn.h"
#include "queue/expand.h"
#include "queue/store.h"

/*
 * A notice of ours as a message of the queue: the text by mail/dsn.h, with the
 * null sender, kind bounce, due at once, or when its reader's hour is over
 * (queue/waiting.h).
 */
struct notice {
	enum dsn_kind kind;
	const struct store_message *about;
	const struct buf *original; /* its header, or all of it */
	bool is_whole;              /* all of it */
	const char *to;             /* whom the text addresses */
	const struct expanded *readers;
	const struct dsn_rcpt *rcpts;
	size_t nrcpts;
	int64_t now;
	int64_t retry_until; /* of a delay; else 0 */
};

/* So many fit, whatever they are: as many as one try has. */
#define NOTICE_RCPTS_MAX 1000

/* What came of it. */
struct notice_made {
	enum dsn_kind kind;
	uint64_t id;
	size_t octets;
	int64_t wait_s; /* until it may leave */
};

/* From: of all that we write, a whole mailbox; for the caller to free. */
char *notice_from(const struct conf *conf);

/* Writes it inside the running transaction. */
int notice_write(const struct conf *conf, struct store *s,
    const struct notice *n, struct notice_made *made, struct err *e);

/* The same for a text that is ready, of any kind of ours. */
int notice_insert(struct store *s, const struct store_message *m,
    const struct buf *text, const struct expanded *to, struct err *e);

#endif
