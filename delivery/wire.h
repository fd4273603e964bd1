/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_WIRE_H
#define DELIVERY_WIRE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "mail/phase.h"
#include "delivery/tls.h"

/*
 * The socket of a connection, for conn.c alone: plain and TLS are the same
 * above it, and its errors say with whom and at what.  wire_wait is the only
 * place of a dialogue that waits, and it watches the job channel meanwhile.
 */

struct wire {
	int fd;
	int watch; /* the job channel, or -1 */
	char *host;
	struct tls *tls; /* NULL: plain */
	enum phase phase;
	int64_t deadline_ms; /* monotonic */
};

void wire_open(struct wire *w, int fd, int watch, const char *host);
void wire_close(struct wire *w);

/* The handshake; may wait. */
int wire_start_tls(struct wire *w, const struct tls_policy *p, struct err *e);

/*
 * As tls_read and tls_write, and like them never wait; -1 with *e ERR_TEMP.
 * *want is TLS_WANT_NOTHING with 0 at the end of input.
 */
ssize_t wire_read(
    struct wire *w, void *p, size_t n, enum tls_want *want, struct err *e);
ssize_t wire_write(struct wire *w, const void *p, size_t n, enum tls_want *want,
    struct err *e);

/*
 * Waits for one of the events of poll(2) under the deadline: those that came.
 * -1 with *e ERR_TEMP when there was none in time, ERR_LOCAL when mailchuted
 * is gone.
 */
int wire_wait(struct wire *w, short events, struct err *e);
short wire_event(enum tls_want want);

/* *e says that the server closed; -1. */
int wire_lost(const struct wire *w, struct err *e);

#endif
