/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_CONN_H
#define SMTPD_CONN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "smtpd/dialogue.h"

/*
 * The connection to a client: lines and pieces of text in, replies out.
 *
 * Replies are kept until the client has nothing more to say, and then leave
 * together (RFC 2920 3.2).  So a client may also write all that it has to say
 * before it reads a word, as scripts do.
 */

/* What octets come by and go by.  A deadline is a monotonic one. */
struct io {
	/* Octets, 0 at the end; -1 with errno, as smtpd/await.h has it. */
	ssize_t (*read)(void *arg, void *p, size_t n, int64_t deadline_ms);
	/* All of them, or -1 with errno. */
	int (*write)(void *arg, const void *p, size_t n, int64_t deadline_ms);
	/* Is it certain that read would wait? */
	bool (*waits)(void *arg);
	void *arg;
};

/* Why no more comes. */
enum conn_fault {
	CONN_FINE,
	CONN_GONE,      /* the client has closed */
	CONN_LATE,      /* it was silent for too long */
	CONN_DISMISSED, /* mailchuted has closed the channel */
	CONN_UNREADABLE,
	CONN_UNWRITABLE
};

struct conn {
	struct io io;
	int64_t idle_ms;
	int64_t until_ms; /* no command comes after that; monotonic */
	char *in;         /* CONN_ROOM octets: [at, end) were not used yet */
	size_t at, end;
	struct buf out; /* replies that have not left */
	enum conn_fault fault;
	int error;                 /* errno of it */
	struct dialogue *dialogue; /* it is logged; or NULL */
};

#define CONN_ROOM     (64 * 1024)
#define CONN_LINE_MAX 8192 /* RFC 5321 4.5.3.1.4 asks for 512 */

/*
 * idle_ms: how long the client may take to say a line, be silent in a text, and
 * leave replies unread.
 */
void conn_init(struct conn *c, const struct io *io, int64_t idle_ms);
void conn_clear(struct conn *c);

/* A line as it came. */
struct conn_line {
	const char *p; /* until the next call */
	size_t n;      /* without its line end */
	bool has_cr;   /* that was CRLF, and not LF alone */
	bool is_long;  /* it had more than CONN_LINE_MAX octets: the first */
};

/* -1 with c->fault set when none comes; half a line is none. */
int conn_read_line(struct conn *c, struct conn_line *out);

/*
 * What has come, at least one octet, at *p: how many, or -1 with c->fault set.
 * conn_used then says how many of them are done with.
 */
ssize_t conn_read(struct conn *c, const char **p, int64_t deadline_ms);
void conn_used(struct conn *c, size_t n);

/* Wipes what was read and is done with: it held a secret. */
void conn_forget(struct conn *c);

/* The client has said more than was used. */
bool conn_has_input(const struct conn *c);

/* Where replies are put: there is room for any. */
struct buf *conn_out(struct conn *c);

/*
 * Goes on by another way, as TLS is: what was said before has been used, and
 * what was answered has left.
 */
void conn_change(struct conn *c, const struct io *io);

/* Lets replies leave now; -1 with c->fault set. */
int conn_flush(struct conn *c);

#endif
