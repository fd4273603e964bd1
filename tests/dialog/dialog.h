/* SPDX-License-Identifier: ISC */
#ifndef TESTS_DIALOG_DIALOG_H
#define TESTS_DIALOG_DIALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/proto_job.h"

/*
 * The two ends that deliver talks to, played by one process without threads:
 * the server on a loopback port, and mailchuted on the job channel.  Whatever
 * waits, waits for both at once, so that neither end blocks the other.
 */

#define WAIT_MS 20000 /* far beyond what any step takes */

struct peer {
	int fd;
	struct buf in, out;
	size_t used;
	bool ended;
	bool is_deaf; /* reads nothing for now */
};

struct tls_side; /* OpenSSL, as a server */

struct stage {
	int listener;
	unsigned port;
	struct peer server; /* the connection to deliver */
	struct tls_side *tls;
	struct peer job;
	int secret; /* our end of the secret channel */
	long pid;
	int log;          /* where deliver logs to; -1: nowhere */
	struct buf clear; /* all that the server was told before TLS, ... */
	struct buf told;  /* ... and inside */
	char problem[512];
};

/* Each returns 0, or -1 with what went wrong in problem. */
int stage_listen(struct stage *s);
int stage_start(struct stage *s, const char *program);
void stage_stop(struct stage *s); /* kills what still runs */
int stage_exited(struct stage *s, int *status);

/* Lets time pass until something happened at either end. */
int stage_wait(struct stage *s);

int server_accept(struct stage *s);
void server_deafen(struct stage *s); /* no reading until server_hear */
void server_hear(struct stage *s);
int server_tls(struct stage *s, const char *certificate, const char *version);
const char *server_sni(const struct stage *s); /* "" when there was none */
int server_send(struct stage *s, const char *p, size_t n);
int server_line(struct stage *s, char *line, size_t size); /* "" CRLF cut */
int server_octets(struct stage *s, size_t n);
int server_eof(struct stage *s);
void server_close(struct stage *s, bool reset);

int job_queue(struct stage *s); /* starts sending what is in job.out */
int job_frame(struct stage *s, struct frame *f);

int fail(struct stage *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
