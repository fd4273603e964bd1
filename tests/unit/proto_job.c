/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_job.h"
#include "common/xalloc.h"

#define OUT_MAX (16 * (FRAME_MAX + FRAME_HEAD))

/* The only frame of b. */
static struct frame
only_frame(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

static void
sample_session(struct job_session *s)
{
	memset(s, 0, sizeof(*s));
	s->account = xstrdup("");
	s->provider = PROVIDER_SMTP;
	strlist_add(&s->hosts, "smtp.example.com");
	strlist_add(&s->hosts, "other.example.com:2525");
	s->first_host = 1;
	s->port = 587;
	s->tls = TLS_IMPLICIT;
	s->tls_min = 13;
	s->ca_file = xstrdup("/etc/ca.pem");
	s->family = FAMILY_IPV6;
	s->user = xstrdup("alerts@example.com");
	s->auth = AUTH_XOAUTH2;
	s->secret = JOB_SECRET_FD;
	s->chunking = true;
	s->linger_ms = 10000;
	s->helo = xstrdup("web01.example.com");
	s->sandbox = SANDBOX_LOG;
	strlist_add(&s->senders, "@example.com");
	s->rewrite = REWRITE_NEVER;
	s->original_from = true;
	strlist_add(&s->local_names, "localhost");
	s->domain = xstrdup("example.com");
	s->hostname = xstrdup("web01.example.com");
	s->log_target = CONF_LOG_FILE;
	s->log_level = 7;
	s->is_trial = true;
	s->patience_ms = 30000;
}

static void
session_comes_back(void **state)
{
	struct job_session in, out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	sample_session(&in);
	assert_int_equal(job_put_session(&b, &in), 0);
	f = only_frame(&b);
	assert_int_equal(job_get_session(&f, &out, &e), 0);
	assert_string_equal(out.account, "");
	assert_int_equal(out.provider, PROVIDER_SMTP);
	assert_int_equal(out.hosts.n, 2);
	assert_string_equal(out.hosts.v[1], "other.example.com:2525");
	assert_int_equal(out.first_host, 1);
	assert_int_equal(out.port, 587);
	assert_int_equal(out.tls, TLS_IMPLICIT);
	assert_int_equal(out.tls_min, 13);
	assert_string_equal(out.ca_file, "/etc/ca.pem");
	assert_int_equal(out.family, FAMILY_IPV6);
	assert_string_equal(out.user, "alerts@example.com");
	assert_int_equal(out.auth, AUTH_XOAUTH2);
	assert_int_equal(out.secret, JOB_SECRET_FD);
	assert_true(out.chunking);
	assert_int_equal(out.linger_ms, 10000);
	assert_string_equal(out.helo, "web01.example.com");
	assert_int_equal(out.sandbox, SANDBOX_LOG);
	assert_string_equal(out.senders.v[0], "@example.com");
	assert_int_equal(out.rewrite, REWRITE_NEVER);
	assert_true(out.original_from);
	assert_string_equal(out.local_names.v[0], "localhost");
	assert_string_equal(out.domain, "example.com");
	assert_string_equal(out.hostname, "web01.example.com");
	assert_int_equal(out.log_target, CONF_LOG_FILE);
	assert_int_equal(out.log_level, 7);
	assert_true(out.is_trial);
	assert_int_equal(out.patience_ms, 30000);
	job_session_clear(&in);
	job_session_clear(&out);
	buf_clear(&b);
}

/* Each spoils a good SESSION in its own way. */
static void
no_host(struct job_session *s)
{
	strlist_clear(&s->hosts);
}

static void
no_helo(struct job_session *s)
{
	free(s->helo);
	s->helo = NULL;
}

static void
port_zero(struct job_session *s)
{
	s->port = 0;
}

static void
port_too_big(struct job_session *s)
{
	s->port = 65536;
}

static void
tls_1_1(struct job_session *s)
{
	s->tls_min = 11;
}

static void
linger_negative(struct job_session *s)
{
	s->linger_ms = -1;
}

static void
auth_unknown(struct job_session *s)
{
	s->auth = AUTH_XOAUTH2 + 1;
}

static void
bad_sessions_are_refused(void **state)
{
	static void (*const spoil[])(struct job_session *) = { no_host, no_helo,
		port_zero, port_too_big, tls_1_1, linger_negative,
		auth_unknown };
	struct job_session in, out;
	struct frame f;
	struct err e;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		sample_session(&in);
		spoil[i](&in);
		buf_truncate(&b, 0);
		assert_int_equal(job_put_session(&b, &in), 0);
		f = only_frame(&b);
		assert_int_equal(job_get_session(&f, &out, &e), -1);
		assert_int_equal(e.class, ERR_LOCAL);
		job_session_clear(&in);
	}
	buf_clear(&b);
}

static void
another_version_is_refused(void **state)
{
	struct job_session in, out;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	sample_session(&in);
	assert_int_equal(job_put_session(&b, &in), 0);
	/* The version is the first field: its last octet. */
	b.data[FRAME_HEAD + FRAME_HEAD + 7] = JOB_VERSION + 1;
	f = only_frame(&b);
	assert_int_equal(job_get_session(&f, &out, &e), -1);
	job_session_clear(&in);
	buf_clear(&b);
}

static const struct job_result sample_result = {
	.rcpt = 77,
	.outcome = JOB_REJECTED,
	.scope = JOB_SCOPE_RECIPIENT,
	.code = 550,
	.status = "5.1.1",
	.text = "550 5.1.1 no such user",
	.phase = "RCPT TO",
	.meaning = "The address does not exist.",
	.fix = "Correct it.",
	.wait_s = 900,
};

static void
assert_same_result(const struct job_result *a, const struct job_result *b)
{
	assert_int_equal(a->rcpt, b->rcpt);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->scope, b->scope);
	assert_int_equal(a->code, b->code);
	assert_string_equal(a->status, b->status);
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->phase, b->phase);
	assert_string_equal(a->meaning, b->meaning);
	assert_string_equal(a->fix, b->fix);
	assert_int_equal(a->wait_s, b->wait_s);
}

static void
answers_come_back(void **state)
{
	struct job_ready ready = { "smtp.example.com", "192.0.2.1:587",
		"TLSv1.3", "TLS_AES_256_GCM_SHA384", 157286400, true, 2, 1,
		"connecting to a: refused", true, 13, true, false,
		"SIZE 1000, DSN", "DigiCert", 1800000000, 1800000100,
		1799999900,
		{ "a@example.com", "b@example.com", "MAIL FROM", 550, "5.7.60",
		    "no", "not allowed", "grant it" } };
	struct job_done done = { 1, 2, 3, UINT64_MAX }, done_out;
	struct job_ready ready_out;
	struct job_result r;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	job_put_result(&b, &sample_result);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), 0);
	assert_same_result(&r, &sample_result);
	assert_int_equal(job_get_closed(&f, &r, &e), -1);

	buf_truncate(&b, 0);
	job_put_closed(&b, &sample_result);
	f = only_frame(&b);
	assert_int_equal(job_get_closed(&f, &r, &e), 0);
	assert_same_result(&r, &sample_result);

	buf_truncate(&b, 0);
	job_put_failed(&b, &sample_result, &ready);
	f = only_frame(&b);
	assert_int_equal(job_get_failed(&f, &r, &ready_out, &e), 0);
	assert_same_result(&r, &sample_result);
	assert_string_equal(ready_out.cipher, ready.cipher);
	assert_int_equal(ready_out.tls_level, 13);
	assert_true(ready_out.is_tls_old);
	assert_int_equal(job_get_ready(&f, &ready_out, &e), -1);

	buf_truncate(&b, 0);
	job_put_ready(&b, &ready);
	f = only_frame(&b);
	assert_int_equal(job_get_ready(&f, &ready_out, &e), 0);
	assert_string_equal(ready_out.relay, ready.relay);
	assert_string_equal(ready_out.address, ready.address);
	assert_int_equal(ready_out.host, ready.host);
	assert_int_equal(ready_out.passed, ready.passed);
	assert_string_equal(ready_out.said, ready.said);
	assert_string_equal(ready_out.tls, ready.tls);
	assert_int_equal(ready_out.size_max, ready.size_max);
	assert_true(ready_out.dsn);
	assert_true(ready_out.is_8bit);
	assert_string_equal(ready_out.offers, "SIZE 1000, DSN");
	assert_string_equal(ready_out.issuer, "DigiCert");
	assert_true(ready_out.cert_until == 1800000000);
	assert_true(ready_out.server_at == 1800000100);
	assert_true(ready_out.greeted_at == 1799999900);
	assert_string_equal(ready_out.probe.took, "a@example.com");
	assert_string_equal(ready_out.probe.sender, "b@example.com");
	assert_string_equal(ready_out.probe.phase, "MAIL FROM");
	assert_int_equal(ready_out.probe.code, 550);
	assert_string_equal(ready_out.probe.fix, "grant it");

	buf_truncate(&b, 0);
	job_put_done(&b, &done);
	f = only_frame(&b);
	assert_int_equal(job_get_done(&f, &done_out, &e), 0);
	assert_memory_equal(&done, &done_out, sizeof(done));
	buf_clear(&b);
}

static void
results_out_of_bounds_are_refused(void **state)
{
	struct job_result bad[4], r;
	struct frame f;
	struct err e;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		bad[i] = sample_result;
	bad[0].outcome = 0;
	bad[1].outcome = JOB_UNTRIED + 1;
	bad[2].scope = 0;
	bad[3].code = 600;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < 4; i++) {
		buf_truncate(&b, 0);
		job_put_result(&b, &bad[i]);
		f = only_frame(&b);
		assert_int_equal(job_get_result(&f, &r, &e), -1);
	}
	buf_clear(&b);
}

/* Bytes of a RESULT that no table wrote. */
static void
odd_fields_are_refused(void **state)
{
	char text[ERR_TEXT_MAX + 1];
	struct job_result r;
	ssize_t start;
	struct frame f;
	struct err e;
	struct buf b;

	(void)state;
	memset(text, 'x', ERR_TEXT_MAX);
	text[ERR_TEXT_MAX] = '\0';
	buf_init(&b, OUT_MAX);

	/* text one octet too long for its place */
	start = frame_begin(&b, JOB_RESULT);
	field_put_str(&b, 6, text);
	frame_end(&b, start);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), -1);
	assert_non_null(strstr(e.text, "too long"));

	/* a NUL inside */
	buf_truncate(&b, 0);
	start = frame_begin(&b, JOB_RESULT);
	field_put(&b, 6, "a\0b", 3);
	frame_end(&b, start);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), -1);

	/* a tag of no item, one twice, and too few */
	buf_truncate(&b, 0);
	job_put_result(&b, &sample_result);
	field_put_u64(&b, 99, 1);
	frame_end(&b, 0);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), -1);
	buf_truncate(&b, 0);
	job_put_result(&b, &sample_result);
	field_put_u64(&b, 1, 1);
	frame_end(&b, 0);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), -1);
	assert_non_null(strstr(e.text, "second"));
	buf_truncate(&b, 0);
	job_put_empty(&b, JOB_RESULT);
	f = only_frame(&b);
	assert_int_equal(job_get_result(&f, &r, &e), -1);
	assert_non_null(strstr(e.text, "no value"));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_comes_back),
		cmocka_unit_test(bad_sessions_are_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(answers_come_back),
		cmocka_unit_test(results_out_of_bounds_are_refused),
		cmocka_unit_test(odd_fields_are_refused),
	};

	return cmocka_run_group_tests_name("proto_job", tests, NULL, NULL);
}
