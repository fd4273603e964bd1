/* SPDX-License-Identifier: ISC */
/* The life of a request's data. */
#include "config.h"

#include <string.h>

#include "common/clock.h"
#include "common/proto_job.h"
#include "delivery/token_run.h"
#include "delivery/token_secrets.h"
#include "delivery/token_trouble.h"

#define OUT_MAX       (64 * 1024)
#define TRUST_MAX     (8 * 1024 * 1024)
#define ASSERTION_MAX (16 * 1024)
#define SEND_MS       10000 /* the queue takes an answer at once */

void
token_run_init(struct token_run *r, int channel, int secret_fd)
{
	memset(r, 0, sizeof(*r));
	frame_reader_init(&r->reader, channel);
	buf_init(&r->out, OUT_MAX);
	buf_init(&r->secret, TOKEN_SECRET_MAX);
	buf_init(&r->assertion, ASSERTION_MAX);
	buf_init(&r->refresh, TOKEN_SECRET_MAX);
	buf_init(&r->trust, TRUST_MAX);
	r->secret_fd = secret_fd;
	r->dial.fd = r->dial.helper = -1;
}

void
token_run_clear(struct token_run *r)
{
	token_http_free(r->http);
	token_dial_close(&r->dial);
	if (r->has_store)
		token_store_close(&r->store);
	token_key_free(r->key);
	buf_wipe(&r->secret);
	buf_wipe(&r->assertion);
	buf_wipe(&r->refresh);
	buf_clear(&r->trust);
	buf_clear(&r->out);
	frame_reader_clear(&r->reader);
	token_ask_clear(&r->ask);
}

void
token_run_hidden(const struct token_run *r, struct token_hidden *h)
{
	*h = (struct token_hidden){ { &r->secret, &r->assertion, &r->refresh },
		3 };
}

int
token_run_fail(struct token_run *r, enum token_phase phase, const struct err *e)
{
	token_trouble_local(&r->failed, phase, e);
	return -1;
}

int
token_run_odd(struct token_run *r, struct err *e)
{
	err_prefix(e, "%s", r->url.host);
	return token_run_fail(r, TOKEN_PHASE_ANSWER, e);
}

int
token_run_flush(struct token_run *r, struct err *e)
{
	return frame_send(r->reader.fd, &r->out, clock_mono_ms() + SEND_MS, e);
}
