/* SPDX-License-Identifier: ISC */
/*
 * Everything that a request needs and that the sandbox forbids: the secrets'
 * files, the certificates, the name service, the connection.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sandbox.h"
#include "mail/date.h"
#include "delivery/token_run.h"
#include "delivery/token_secrets.h"
#include "delivery/trust.h"

#define AGAIN \
	"A file that is changed is read again by itself; else run " \
	"\"mailchute " \
	"retry ALL\"."

static int
judge_url(struct token_run *r, struct err *e)
{
	if (url_parse(r->ask.token_url, &r->url, e) == -1)
		return err_prefix(e, "account.token_url");
	if (r->url.is_https ||
	    (r->ask.grant == GRANT_MANAGED_IDENTITY && url_is_local(&r->url)))
		return 0;
	return err_set(e, ERR_LOCAL, "5.3.5",
	    "account.token_url must begin with https: a secret goes there");
}

/* ---- what is proved with ---- */

static void
put_day(char *out, size_t size, int64_t at)
{
	struct date_parts d;

	date_split(at, &d);
	snprintf(out, size, "%04d-%02d-%02d", d.year, d.month, d.day);
}

/* An end that has come is named here, before the server says it less well. */
static int
judge_times(struct token_run *r, const char *name, struct err *e)
{
	int64_t now = clock_wall();
	char day[32];

	if (token_key_until(r->key) <= now) {
		r->failed.ended = TOKEN_ENDED_CERTIFICATE;
		put_day(day, sizeof(day), token_key_until(r->key));
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "the certificate in %s has expired on %s: make a new one, "
		    "upload it in Entra, and write it there",
		    name, day);
	}
	if (token_key_since(r->key) <= now)
		return 0;
	put_day(day, sizeof(day), token_key_since(r->key));
	return err_set(e, ERR_LOCAL, "4.7.0",
	    "the certificate in %s is not valid before %s: check the clock",
	    name, day);
}

static int
load_key(struct token_run *r, struct err *e)
{
	char names[2][FDPASS_TEXT_MAX];
	struct token_key_files files;
	struct buf certificate, key;
	int rc = -1;

	buf_init(&certificate, TOKEN_SECRET_MAX);
	buf_init(&key, TOKEN_SECRET_MAX);
	if (token_secrets_read(r->secret_fd, TOKEN_GIVE_CERTIFICATE,
		&certificate, names[0], e) == 0 &&
	    token_secrets_read(
		r->secret_fd, TOKEN_GIVE_KEY, &key, names[1], e) == 0) {
		files = (struct token_key_files){ &certificate, &key, names[0],
			names[1] };
		r->key = token_key_new(&files, e);
	}
	if (r->key != NULL) {
		r->failed.cert_until = token_key_until(r->key);
		rc = judge_times(r, names[0], e);
	}
	buf_clear(&certificate);
	buf_wipe(&key);
	return rc;
}

static int
load_proof(struct token_run *r, struct err *e)
{
	switch (r->ask.proof) {
	case TOKEN_PROOF_NONE:
		return 0;
	case TOKEN_PROOF_SECRET:
		return token_secrets_line(
		    r->secret_fd, TOKEN_GIVE_SECRET, &r->secret, e);
	case TOKEN_PROOF_FEDERATED:
		return token_secrets_line(
		    r->secret_fd, TOKEN_GIVE_FEDERATED, &r->secret, e);
	case TOKEN_PROOF_CERTIFICATE:
		return load_key(r, e);
	}
	return -1;
}

/* ---- the refresh token ---- */

static int
load_refresh(struct token_run *r, struct err *e)
{
	int folder, got;

	folder =
	    token_secrets_fd(r->secret_fd, TOKEN_GIVE_FOLDER, r->folder, e);
	if (folder == -1 ||
	    token_store_open(&r->store, folder, r->ask.account, e) == -1)
		return -1;
	r->has_store = true;
	if (r->ask.is_device_code)
		return 0;
	got = token_store_read(
	    &r->store, &r->refresh, &r->granted.refresh_since, e);
	if (got != 0)
		return got == 1 ? 0 : -1;
	r->failed.ended = TOKEN_ENDED_REFRESH;
	return err_set(e, ERR_LOCAL, "4.7.0",
	    "nobody has signed in yet: %s/%s is not there; run mailchute "
	    "setup",
	    r->folder, r->store.name);
}

/* ---- the way to the server ---- */

static int
load_trust(struct token_run *r, struct err *e)
{
	struct trust t;
	int fd, rc;

	/* Libraries could look into the hashed folder only by opening files. */
	if (trust_find(&t, r->ask.ca_file, false, CA_PATH, CA_BUNDLE, e) == -1)
		return -1;
	fd = open(t.file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		rc = err_errno(e, err_class_of(errno), "4.3.5",
		    "the trusted certificates %s", t.file);
	else
		rc = token_secrets_slurp(
		    fd, t.file, &r->trust, r->trust.max - 8192, e);
	if (rc == 0 && r->trust.len == 0)
		rc = err_set(e, ERR_LOCAL, "4.3.5",
		    "the trusted certificates %s: the file is empty", t.file);
	trust_clear(&t);
	return rc;
}

/* Whom to connect to: the server, or the proxy before it. */
static int
find_peer(const struct token_run *r, struct url *peer, struct err *e)
{
	*peer = r->url;
	if (r->ask.proxy == NULL || !r->url.is_https)
		return 0;
	if (url_parse(r->ask.proxy, peer, e) == -1)
		return err_prefix(e, "account.proxy");
	return 0;
}

static int
dial(struct token_run *r, struct err *e)
{
	struct token_dial_to to = { .family = r->ask.family,
		.watch = r->reader.fd,
		.connect_ms = (int64_t)r->ask.connect_ms,
		.deadline_ms = r->deadline_ms,
		.is_repeated = r->ask.is_device_code };
	struct url peer;

	if (find_peer(r, &peer, e) == -1)
		return -1;
	to.host = peer.host;
	to.port = peer.port;
	return token_dial_open(&r->dial, &to, e);
}

static int
make_http(struct token_run *r, struct err *e)
{
	struct token_http_options o = { .url = &r->url,
		.proxy = r->url.is_https ? r->ask.proxy : NULL,
		.trust = r->url.is_https ? &r->trust : NULL,
		.dial = &r->dial,
		.is_confined = sandbox_forbids_connect(r->ask.sandbox),
		.deadline_ms = r->deadline_ms,
		.watch = r->reader.fd };

	r->http = token_http_new(&o, e);
	return r->http == NULL ? -1 : 0;
}

/* What is wrong with the files that the account proves itself by. */
static int
fail_proof(struct token_run *r, const struct err *e)
{
	static const char *const fixes[] = {
		[TOKEN_PROOF_NONE] = "Do what the text says. " AGAIN,
		[TOKEN_PROOF_SECRET] =
		    "See to account.client_secret_file, as the text says: its "
		    "first line is the client secret's Value. " AGAIN,
		[TOKEN_PROOF_CERTIFICATE] =
		    "See to account.certificate_file and account.key_file, as "
		    "the text says. " AGAIN,
		[TOKEN_PROOF_FEDERATED] =
		    "See to account.federated_token_file, as the text says: "
		    "the platform keeps a token there. " AGAIN,
	};

	token_run_fail(r, TOKEN_PHASE_SECRET, e);
	if (r->failed.class == TOKEN_NEVER)
		strlcpy(r->failed.fix,
		    r->failed.ended == TOKEN_ENDED_REFRESH
			? "Sign in: mailchute setup"
			: fixes[r->ask.proof],
		    sizeof(r->failed.fix));
	return -1;
}

int
token_prepare(struct token_run *r)
{
	bool is_early = r->ask.is_device_code;
	struct err e;

	if (judge_url(r, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_SECRET, &e);
	/* Its child, which stays outside, has seen no secret. */
	if (is_early && dial(r, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_CONNECT, &e);
	if (load_proof(r, &e) == -1 ||
	    (r->ask.grant == GRANT_REFRESH_TOKEN && load_refresh(r, &e) == -1))
		return fail_proof(r, &e);
	if (r->url.is_https && load_trust(r, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_SECRET, &e);
	if (!is_early && dial(r, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_CONNECT, &e);
	if (make_http(r, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_SECRET, &e);
	return 0;
}
