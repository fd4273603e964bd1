/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_CONN_H
#define DELIVERY_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "mail/phase.h"

/*
 * The connection to the server.  Plain and TLS are the same to everybody
 * above.  Everything that waits does so under the deadline of the phase, and
 * watches the job channel meanwhile: when mailchuted is gone, the wait ends.
 *
 * Output is gathered and leaves in large pieces; conn_flush sends what is
 * there.  Input is handed out line by line.
 */

struct conn;
struct tls_policy;

/* Takes over fd.  watch is the job channel, or -1. */
struct conn *conn_new(int fd, int watch, const char *host);
void conn_free(struct conn *c); /* closes; NULL is fine */

/* Begins a phase: its deadline counts from now. */
void conn_phase(struct conn *c, enum phase p);
enum phase conn_get_phase(const struct conn *c);

/* Phases that begin from now on may take so long at most; 0: as they are. */
void conn_patience(struct conn *c, int64_t most_ms);

/* Another deadline for this phase (monotonic milliseconds). */
void conn_deadline(struct conn *c, int64_t deadline_ms);

/* The handshake.  Input that came before it is an error. */
int conn_start_tls(struct conn *c, const struct tls_policy *p, struct err *e);
const char *conn_tls_version(const struct conn *c); /* "" without TLS */
const char *conn_tls_cipher(const struct conn *c);
unsigned conn_tls_level(const struct conn *c); /* 10 to 13; 0 without TLS */
bool conn_tls_is_old(const struct conn *c);    /* see tls_is_old */
/* As tls_certificate; 0 without TLS. */
int64_t conn_tls_certificate(const struct conn *c, char *issuer, size_t size);
const struct buf *conn_tls_ticket(const struct conn *c); /* NULL: plain */

/*
 * Appends to the output, which leaves by itself when much is there.
 *
 * These fail only when mailchuted is gone, or by a fault of ours.  When the
 * server is, what was put is dropped, and the reading that follows tells: the
 * server may have said why before it left.
 */
int conn_put(struct conn *c, const void *p, size_t n, struct err *e);
int conn_puts(struct conn *c, const char *s, struct err *e);
int conn_flush(struct conn *c, struct err *e);

/* Was any of what was put dropped?  Then all that was put later was, too. */
bool conn_is_mute(const struct conn *c);

/*
 * While it listens, an answer ends a write that has to wait: there is none due
 * before all is written, and the server may wait for us to stop.
 */
void conn_listen(struct conn *c, bool listens);

/*
 * The next line of input without its CRLF, valid until the next call.  A line
 * beyond max octets, a bare CR or LF, and a NUL are errors.
 */
int conn_line(
    struct conn *c, size_t max, const char **line, size_t *n, struct err *e);

/*
 * Will reading bring something that was not read yet, be it the end or a
 * failure?  No wait.
 */
bool conn_has_input(struct conn *c);

/*
 * Waits until the server or the job channel has something, or the time is
 * over.
 */
enum conn_event {
	CONN_SERVER,
	CONN_CHANNEL,
	CONN_TIMEOUT
};
enum conn_event conn_idle(struct conn *c, int64_t deadline_ms);

#endif
