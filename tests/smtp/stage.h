/* SPDX-License-Identifier: ISC */
#ifndef TESTS_SMTP_STAGE_H
#define TESTS_SMTP_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/site.h"
#include "smtpd/conn.h"

/*
 * What the engine of smtpd plays on: a host without a daemon, whose drop folder
 * is looked into, and a client in memory.  Ends the program when a promise of
 * the stage itself is broken.
 */

/* ---- the host ---- */

struct stage {
	char root[32];
	char *conf_path, *folder;
	struct site site;
};

/* queue is text for the section [queue], or "". */
void stage_open(struct stage *s, const char *queue);
void stage_close(struct stage *s);

/*
 * Takes what lies in the drop folder: each message as a text, sorted.
 *
 *	FROM > TO TO... [8bit] [utf8] ...
 *	HEADER AND BODY, with Date and Message-ID of ours as {any}
 *
 * Ends the program when a file is no whole message.
 */
#define STAGE_MAX 16
size_t stage_take(struct stage *s, char *messages[STAGE_MAX]);

/* ---- the client ---- */

struct client {
	const char *in; /* what it says: n octets */
	size_t n, at;
	size_t piece;   /* given out in pieces of so many octets, 0: of any */
	size_t stop;    /* it waits for replies there; SIZE_MAX: nowhere */
	int error;      /* of reading behind the end; 0: it is closed there */
	int deaf_after; /* replies that it takes before it is gone; 0: all */
	struct buf out; /* what it was told */
	int64_t deadline_ms; /* by which it was last read */
	/* It has waited for replies: sets stop anew. */
	void (*heard)(struct client *c);
	void *arg;
};

void client_init(struct client *c, const char *in, size_t n);
void client_clear(struct client *c);
struct io client_io(struct client *c);

#endif
