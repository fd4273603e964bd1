/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TOKEN_HTTP_H
#define DELIVERY_TOKEN_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/url.h"
#include "delivery/token_dial.h"

/*
 * HTTP as a token endpoint needs it, and nothing beyond: one host, verified TLS
 * of 1.2 or later (or none, to Azure's own address and to this host), no
 * redirects, no cookies, no .netrc, no proxy of the environment, answers of a
 * bounded size, one deadline.  libcurl is here and nowhere else.
 */
struct token_http;

/* How far a request came, for the words of a failure. */
enum token_phase {
	TOKEN_PHASE_SECRET, /* what is opened and read here */
	TOKEN_PHASE_CONNECT,
	TOKEN_PHASE_TLS,
	TOKEN_PHASE_ANSWER,
	TOKEN_PHASE_STORE
};

#define TOKEN_BODY_MAX (64 * 1024)

struct token_http_options {
	const struct url *url;   /* whom all requests go to */
	const char *proxy;       /* or NULL */
	const struct buf *trust; /* certificates in PEM; NULL without TLS */
	struct token_dial *dial; /* to the proxy if there is one */
	/*
	 * In the sandbox nothing is connected, and the sockets of dial are
	 * used.  Where there is none libcurl connects by itself, to the same
	 * address: not every version takes a socket that is connected already.
	 */
	bool is_confined;
	int64_t deadline_ms; /* monotonic */
	int watch;           /* its end ends a request */
};

/*
 * Made before the sandbox, since libraries read files of theirs.  What it
 * points to outlives it.
 */
struct token_http *token_http_new(
    const struct token_http_options *o, struct err *e);
void token_http_free(struct token_http *h);
void token_http_deadline(struct token_http *h, int64_t deadline_ms);

struct token_http_answer {
	unsigned status;
	struct buf body;        /* wiped by token_http_wipe */
	char location[256];     /* of a redirect, as it came */
	int64_t server_at;      /* Date, or 0 */
	char retry_after[64];   /* as it came */
	enum token_phase phase; /* how far it came, when there is none */
};
void token_http_wipe(struct token_http_answer *a);

/*
 * Sends one request and reads the answer, whatever its status; form NULL: GET,
 * with header.  -1 with *e filled (ERR_TEMP; ERR_LOCAL with 4.3.2 when watch
 * ended), and a->phase says how far it came.  *a is wiped by the caller in any
 * case.
 */
int token_http_ask(struct token_http *h, const char *url,
    const struct buf *form, const char *header, struct token_http_answer *a,
    struct err *e);

#endif
