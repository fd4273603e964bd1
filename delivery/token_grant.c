/* SPDX-License-Identifier: ISC */
/* One request for a token, and what is done with its answer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/log.h"
#include "delivery/form.h"
#include "delivery/token_claims.h"
#include "delivery/token_run.h"
#include "delivery/token_secrets.h"
#include "delivery/token_trouble.h"

#define FORM_MAX       (512 * 1024)
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define ALL_OF_IT      "/.default"
#define IMDS_VERSION   "2018-02-01"

/* ---- the form ---- */

static int
put_assertion(struct buf *form, const struct buf *jwt)
{
	if (form_put(form, "client_assertion_type", ASSERTION_TYPE) == -1)
		return -1;
	return form_put_octets(form, "client_assertion", jwt->data, jwt->len);
}

/* Made anew each time: no server takes one twice. */
static int
sign(struct token_run *r)
{
	struct token_assertion a = { .algorithm = r->ask.assertion,
		.audience = r->ask.token_url,
		.client_id = r->ask.client_id,
		.now = clock_wall() };
	struct err e;

	buf_wipe(&r->assertion);
	return token_key_assert(r->key, &a, &r->assertion, &e);
}

int
token_grant_put_proof(struct token_run *r, struct buf *form)
{
	switch (r->ask.proof) {
	case TOKEN_PROOF_NONE:
		return 0;
	case TOKEN_PROOF_SECRET:
		return form_put_octets(
		    form, "client_secret", r->secret.data, r->secret.len);
	case TOKEN_PROOF_CERTIFICATE:
		if (sign(r) == -1)
			return -1;
		return put_assertion(form, &r->assertion);
	case TOKEN_PROOF_FEDERATED:
		return put_assertion(form, &r->secret);
	}
	return -1;
}

static int
put_form(struct token_run *r, struct buf *form)
{
	bool is_refresh = r->ask.grant == GRANT_REFRESH_TOKEN;

	if (form_put(form, "client_id", r->ask.client_id) == -1 ||
	    form_put(form, "scope", r->ask.scope) == -1 ||
	    form_put(form, "grant_type",
		is_refresh ? "refresh_token" : "client_credentials") == -1)
		return -1;
	if (is_refresh && form_put_octets(form, "refresh_token",
			      r->refresh.data, r->refresh.len) == -1)
		return -1;
	return token_grant_put_proof(r, form);
}

/* Azure wants the resource by itself, without what a scope adds to it. */
static int
put_identity(const struct token_run *r, struct buf *query)
{
	const char *scope = r->ask.scope;
	size_t n = strlen(scope), tail = strlen(ALL_OF_IT);

	if (n > tail && strcmp(scope + n - tail, ALL_OF_IT) == 0)
		n -= tail;
	if (form_put(query, "api-version", IMDS_VERSION) == -1 ||
	    form_put_octets(query, "resource", scope, n) == -1)
		return -1;
	return r->ask.client_id == NULL
		   ? 0
		   : form_put(query, "client_id", r->ask.client_id);
}

/* ---- asking ---- */

static int
too_large(struct token_run *r)
{
	struct err e;

	err_set(&e, ERR_LOCAL, "4.7.0", "the request cannot be made");
	return token_run_fail(r, TOKEN_PHASE_SECRET, &e);
}

static int
send_it(struct token_run *r, const char *url, const struct buf *form,
    const char *header, struct token_http_answer *a)
{
	struct err e;

	r->granted.asked_at = r->failed.asked_at = clock_wall();
	if (token_http_ask(r->http, url, form, header, a, &e) == 0)
		return 0;
	return token_run_fail(r, a->phase, &e);
}

static int
ask_endpoint(struct token_run *r, struct token_http_answer *a)
{
	struct buf form;
	int rc;

	buf_init(&form, FORM_MAX);
	rc = put_form(r, &form) == -1
		 ? too_large(r)
		 : send_it(r, r->ask.token_url, &form, NULL, a);
	buf_wipe(&form);
	return rc;
}

static int
ask_identity(struct token_run *r, struct token_http_answer *a)
{
	struct buf query, url;
	int rc;

	buf_init(&query, FORM_MAX);
	buf_init(&url, FORM_MAX);
	if (put_identity(r, &query) == -1 ||
	    buf_printf(&url, "%s%c%s", r->ask.token_url,
		strchr(r->url.path, '?') == NULL ? '?' : '&',
		buf_data(&query)) == -1)
		rc = too_large(r);
	else
		rc = send_it(r, url.data, NULL, "Metadata: true", a);
	buf_clear(&query);
	buf_clear(&url);
	return rc;
}

/* ---- the answer ---- */

/*
 * The one before works on for a while, so that mail goes; but somebody has to
 * look into it, or one day nobody can sign in.
 */
static void
store_refresh(struct token_run *r, const struct buf *token)
{
	struct token_granted *g = &r->granted;
	struct err e;

	g->has_refresh = r->has_store;
	if (!r->has_store || token->len == 0)
		return;
	if (token_store_write(&r->store, token, &e) == 0) {
		g->is_rotated = true;
		g->refresh_since = clock_wall();
		return;
	}
	log_event(LOG_WARNING, "token", "account", r->ask.account, "error",
	    e.text, NULL);
	strlcpy(g->doubt, e.text, sizeof(g->doubt));
	strlcpy(g->fix,
	    "Mend what the text names before the refresh token that is there "
	    "comes to its end.",
	    sizeof(g->fix));
}

static int
take_token(struct token_run *r, const struct token_answer *t)
{
	struct token_granted *g = &r->granted;
	struct err e;

	g->lifetime_s = t->lifetime_s;
	g->until = g->asked_at + (int64_t)t->lifetime_s;
	g->cert_until = r->failed.cert_until;
	store_refresh(r, &t->refresh);
	token_claims_parse(t->access.data, t->access.len, &g->claims);
	token_claims_doubt(&r->ask, g);
	if (token_secrets_keep(r->secret_fd, &t->access, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_STORE, &e);
	return 0;
}

int
token_grant_take(struct token_run *r, const struct token_http_answer *a)
{
	struct token_hidden hidden;
	struct token_answer t;
	struct err e;
	int rc;

	r->granted.server_at = r->failed.server_at = a->server_at;
	if (a->status != 200) {
		token_run_hidden(r, &hidden);
		token_trouble_answer(
		    &r->failed, a, &r->ask, &hidden, clock_wall());
		token_trouble_clock(&r->failed);
		return -1;
	}
	token_answer_init(&t);
	if (token_answer_parse(buf_data(&a->body), a->body.len, &t, &e) == 0)
		rc = take_token(r, &t);
	else
		rc = token_run_odd(r, &e);
	if (rc == -1 && r->failed.http == 0)
		r->failed.http = a->status;
	token_answer_wipe(&t);
	return rc;
}

int
token_grant(struct token_run *r)
{
	struct token_http_answer a;
	int rc;

	if (r->ask.is_device_code)
		return token_device(r);
	memset(&a, 0, sizeof(a));
	rc = r->ask.grant == GRANT_MANAGED_IDENTITY ? ask_identity(r, &a)
						    : ask_endpoint(r, &a);
	if (rc == 0)
		rc = token_grant_take(r, &a);
	token_http_wipe(&a);
	return rc;
}
