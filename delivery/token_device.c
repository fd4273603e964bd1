/* SPDX-License-Identifier: ISC */
/*
 * Sign-in by device code (RFC 8628): a human goes to an address, types a code,
 * and signs in there, while we ask again and again whether he has.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "delivery/form.h"
#include "delivery/token_run.h"
#include "delivery/token_trouble.h"

#define FORM_MAX  (256 * 1024)
#define GRANT     "urn:ietf:params:oauth:grant-type:device_code"
#define TOKEN     "token"
#define SLOWER_S  5 /* RFC 8628 3.5 */
#define SLOWEST_S 60

/* ".../oauth2/v2.0/token" has its sibling ".../oauth2/v2.0/devicecode". */
static int
device_url(const char *token_url, struct buf *out, struct err *e)
{
	size_t n = strlen(token_url), tail = strlen(TOKEN);

	if (n > tail && token_url[n - tail - 1] == '/' &&
	    strcmp(token_url + n - tail, TOKEN) == 0 &&
	    buf_append(out, token_url, n - tail) == 0 &&
	    buf_puts(out, "devicecode") == 0)
		return 0;
	return err_set(e, ERR_LOCAL, "5.3.5",
	    "account.token_url does not end in /token, so that the address for "
	    "device codes is not known");
}

static int
ask(struct token_run *r, const char *url, const struct buf *form,
    struct token_http_answer *a)
{
	struct err e;

	r->granted.asked_at = r->failed.asked_at = clock_wall();
	if (token_http_ask(r->http, url, form, NULL, a, &e) == 0)
		return 0;
	return token_run_fail(r, a->phase, &e);
}

static int
impossible(struct token_run *r, struct err *e)
{
	if (e->class == ERR_NONE)
		err_set(e, ERR_LOCAL, "4.7.0", "the request cannot be made");
	return token_run_fail(r, TOKEN_PHASE_SECRET, e);
}

/* ---- the code ---- */

static int
take_code(struct token_run *r, const struct token_http_answer *a,
    struct token_device_answer *d)
{
	struct token_hidden hidden;
	struct err e;

	if (a->status != 200) {
		token_run_hidden(r, &hidden);
		token_trouble_answer(
		    &r->failed, a, &r->ask, &hidden, clock_wall());
		return -1;
	}
	if (token_answer_parse_device(buf_data(&a->body), a->body.len, d, &e) ==
	    0)
		return 0;
	return token_run_odd(r, &e);
}

static int
get_code(struct token_run *r, struct token_device_answer *d)
{
	struct token_http_answer a = { 0 };
	struct err e = { 0 };
	struct buf url, form;
	int rc;

	buf_init(&url, FORM_MAX);
	buf_init(&form, FORM_MAX);
	if (device_url(r->ask.token_url, &url, &e) == -1 ||
	    form_put(&form, "client_id", r->ask.client_id) == -1 ||
	    form_put(&form, "scope", r->ask.scope) == -1)
		rc = impossible(r, &e);
	else
		rc = ask(r, url.data, &form, &a);
	if (rc == 0)
		rc = take_code(r, &a, d);
	token_http_wipe(&a);
	buf_clear(&url);
	buf_wipe(&form);
	return rc;
}

/* ---- waiting for the human ---- */

/* So long, unless the queue closes: -1. */
static int
pause(struct token_run *r, uint64_t wait_s)
{
	int64_t until_ms = clock_mono_ms() + (int64_t)wait_s * 1000;
	struct pollfd p = { .fd = r->reader.fd, .events = POLLRDHUP };
	struct err e;
	int n;

	do
		n = poll(&p, 1, clock_poll_timeout(until_ms));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return 0;
	err_set(&e, ERR_LOCAL, "4.3.2", "the sign-in was ended");
	return token_run_fail(r, TOKEN_PHASE_ANSWER, &e);
}

static int
poll_once(struct token_run *r, const struct buf *device_code,
    struct token_http_answer *a)
{
	struct err e = { 0 };
	struct buf form;
	int rc;

	buf_init(&form, FORM_MAX);
	if (form_put(&form, "grant_type", GRANT) == -1 ||
	    form_put(&form, "client_id", r->ask.client_id) == -1 ||
	    form_put_octets(&form, "device_code", device_code->data,
		device_code->len) == -1 ||
	    token_grant_put_proof(r, &form) == -1)
		rc = impossible(r, &e);
	else
		rc = ask(r, r->ask.token_url, &form, a);
	buf_wipe(&form);
	return rc;
}

/* Is it worth another try?  It is, for all that passes. */
static bool
goes_on(const struct token_run *r, uint64_t *interval_s)
{
	const char *error = r->failed.error;

	if (strcmp(error, "slow_down") == 0 ||
	    (r->failed.class == TOKEN_LATER &&
		strcmp(error, "authorization_pending") != 0)) {
		*interval_s += SLOWER_S;
		if (*interval_s < r->failed.wait_s)
			*interval_s = r->failed.wait_s;
		if (*interval_s > SLOWEST_S)
			*interval_s = SLOWEST_S;
	}
	return r->failed.class == TOKEN_LATER;
}

static int
wait_for_human(struct token_run *r, const struct token_device_answer *d)
{
	int64_t until_ms = clock_mono_ms() + (int64_t)d->code.expires_s * 1000;
	uint64_t interval_s = d->code.interval_s;
	struct token_http_answer a;
	struct err e;
	int rc;

	while (clock_mono_ms() + (int64_t)interval_s * 1000 < until_ms) {
		if (pause(r, interval_s) == -1)
			return -1;
		memset(&r->failed, 0, sizeof(r->failed));
		memset(&a, 0, sizeof(a));
		token_http_deadline(
		    r->http, clock_mono_ms() + (int64_t)r->ask.deadline_ms);
		rc = poll_once(r, &d->device_code, &a);
		if (rc == 0)
			rc = token_grant_take(r, &a);
		token_http_wipe(&a);
		if (rc == 0 || !goes_on(r, &interval_s))
			return rc;
	}
	memset(&r->failed, 0, sizeof(r->failed));
	err_set(&e, ERR_LOCAL, "4.7.0",
	    "nobody has signed in before the code came to its end");
	return token_run_fail(r, TOKEN_PHASE_ANSWER, &e);
}

int
token_device(struct token_run *r)
{
	struct token_device_answer d;
	struct err e;
	int rc;

	memset(&d, 0, sizeof(d));
	buf_init(&d.device_code, FORM_MAX);
	rc = get_code(r, &d);
	if (rc == 0 && (token_put_code(&r->out, &d.code) == -1 ||
			   token_run_flush(r, &e) == -1))
		rc = -1;
	if (rc == 0)
		rc = wait_for_human(r, &d);
	buf_wipe(&d.device_code);
	return rc;
}
