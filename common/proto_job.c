/* SPDX-License-Identifier: ISC */
/*
 * The delivery contract on the wire.  Each payload is described by one table
 * (common/fieldmap.h).  The queue process reads here what deliver wrote, and
 * deliver has read a remote server's bytes, so reading is strict and fuzzed
 * (tests/fuzz/proto_job.c).  A message is in common/proto_job_message.c.
 */
#include "config.h"

#include <sys/types.h>

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/fieldmap.h"
#include "common/proto_job.h"
#include "common/proto_job_priv.h"
#include "common/xalloc.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define TXT FIELDMAP_TEXT
#define NUM FIELDMAP_NUMBER
#define LST FIELDMAP_LIST

/* Tag 1 of SESSION is the version. */
#define TAG_VERSION 1

static const struct fieldmap_item session_items[] = {
	STR(2, job_session, account, true),
	NUM(3, job_session, provider, 0, PROVIDER_SMTP),
	LST(4, job_session, hosts),
	NUM(5, job_session, first_host, 0, UINT32_MAX),
	NUM(6, job_session, port, 1, 65535),
	NUM(7, job_session, tls, 0, TLS_NONE),
	NUM(8, job_session, tls_min, 10, 13),
	STR(9, job_session, ca_file, false),
	NUM(10, job_session, family, 0, FAMILY_IPV6),
	STR(11, job_session, user, false),
	NUM(12, job_session, auth, 0, AUTH_XOAUTH2),
	NUM(13, job_session, secret, 0, JOB_SECRET_FD),
	NUM(14, job_session, chunking, 0, 1),
	NUM(15, job_session, linger_ms, 0, INT32_MAX),
	STR(16, job_session, helo, true),
	NUM(17, job_session, sandbox, 0, SANDBOX_OFF),
	LST(18, job_session, senders),
	NUM(19, job_session, rewrite, 0, REWRITE_NEVER),
	NUM(20, job_session, original_from, 0, 1),
	LST(21, job_session, local_names),
	STR(22, job_session, domain, false),
	STR(23, job_session, hostname, true),
	NUM(24, job_session, log_target, 0, CONF_LOG_FILE),
	NUM(25, job_session, log_level, 0, LOG_DEBUG),
	NUM(26, job_session, has_ticket, 0, 1),
	NUM(27, job_session, is_trial, 0, 1),
	NUM(28, job_session, is_probe, 0, 1),
	NUM(29, job_session, patience_ms, 0, INT32_MAX),
};

static const struct fieldmap_item ready_items[] = {
	TXT(40, job_ready, relay),
	TXT(41, job_ready, address),
	TXT(42, job_ready, tls),
	TXT(43, job_ready, cipher),
	NUM(44, job_ready, size_max, 0, UINT64_MAX),
	NUM(45, job_ready, dsn, 0, 1),
	NUM(46, job_ready, host, 0, UINT32_MAX),
	NUM(47, job_ready, passed, 0, UINT32_MAX),
	TXT(48, job_ready, said),
	NUM(49, job_ready, is_8bit, 0, 1),
	NUM(50, job_ready, tls_level, 0, 13),
	NUM(51, job_ready, is_tls_old, 0, 1),
	TXT(52, job_ready, offers),
	TXT(53, job_ready, issuer),
	NUM(54, job_ready, cert_until, 0, INT64_MAX),
	TXT(55, job_ready, probe.took),
	TXT(56, job_ready, probe.sender),
	TXT(57, job_ready, probe.phase),
	NUM(58, job_ready, probe.code, 0, 599),
	TXT(59, job_ready, probe.status),
	TXT(60, job_ready, probe.text),
	TXT(61, job_ready, probe.meaning),
	TXT(62, job_ready, probe.fix),
	NUM(63, job_ready, server_at, 0, INT64_MAX),
	NUM(64, job_ready, greeted_at, 0, INT64_MAX),
};

static const struct fieldmap_item result_items[] = {
	NUM(1, job_result, rcpt, 0, UINT64_MAX),
	NUM(2, job_result, outcome, JOB_DELIVERED, JOB_UNTRIED),
	NUM(3, job_result, scope, JOB_SCOPE_CONNECTION, JOB_SCOPE_RECIPIENT),
	NUM(4, job_result, code, 0, 599),
	TXT(5, job_result, status),
	TXT(6, job_result, text),
	TXT(7, job_result, phase),
	TXT(8, job_result, meaning),
	TXT(9, job_result, fix),
	NUM(10, job_result, wait_s, 0, JOB_WAIT_MAX_S),
};

static const struct fieldmap_item done_items[] = {
	NUM(1, job_done, wait_ms, 0, UINT64_MAX),
	NUM(2, job_done, envelope_ms, 0, UINT64_MAX),
	NUM(3, job_done, data_ms, 0, UINT64_MAX),
	NUM(4, job_done, octets, 0, UINT64_MAX),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- writing ---- */

/* One frame that holds one struct. */
static int
put_frame(struct buf *b, enum job_type type, const struct fieldmap_item *items,
    size_t n, const void *from)
{
	ssize_t start = frame_begin(b, type);

	if (start == -1 || fieldmap_put(b, items, n, from) == -1)
		return -1;
	return frame_end(b, start);
}

int
job_put_session(struct buf *b, const struct job_session *s)
{
	ssize_t start = frame_begin(b, JOB_SESSION);

	if (start == -1 || field_put_u64(b, TAG_VERSION, JOB_VERSION) == -1 ||
	    fieldmap_put(b, session_items, COUNT(session_items), s) == -1)
		return -1;
	return frame_end(b, start);
}

int
job_put_refused(struct buf *b, const char *text)
{
	return frame_put_raw(b, JOB_REFUSED, text, strlen(text));
}

int
job_put_ready(struct buf *b, const struct job_ready *r)
{
	return put_frame(b, JOB_READY, ready_items, COUNT(ready_items), r);
}

int
job_put_failed(
    struct buf *b, const struct job_result *r, const struct job_ready *sofar)
{
	ssize_t start = frame_begin(b, JOB_FAILED);

	if (start == -1 ||
	    fieldmap_put(b, result_items, COUNT(result_items), r) == -1 ||
	    fieldmap_put(b, ready_items, COUNT(ready_items), sofar) == -1)
		return -1;
	return frame_end(b, start);
}

int
job_put_result(struct buf *b, const struct job_result *r)
{
	return put_frame(b, JOB_RESULT, result_items, COUNT(result_items), r);
}

int
job_put_closed(struct buf *b, const struct job_result *r)
{
	return put_frame(b, JOB_CLOSED, result_items, COUNT(result_items), r);
}

int
job_put_done(struct buf *b, const struct job_done *d)
{
	return put_frame(b, JOB_MESSAGE_DONE, done_items, COUNT(done_items), d);
}

int
job_put_empty(struct buf *b, enum job_type type)
{
	return frame_put_raw(b, type, "", 0);
}

/* ---- reading ---- */

int
job_expect(const struct frame *f, enum job_type type, struct err *e)
{
	if (f->type == type)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "job channel: frame %u where %u was due", f->type, type);
}

void
job_session_clear(struct job_session *s)
{
	fieldmap_clear(session_items, COUNT(session_items), s);
	memset(s, 0, sizeof(*s));
}

static int
check_version(const struct frame *f, struct err *e)
{
	uint64_t v;

	if (fieldmap_version(f, &v, e) == -1)
		return -1;
	if (v == JOB_VERSION)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "mailchuted speaks version %llu to deliver, which knows %d; "
	    "mailchute was upgraded while it ran: restart mailchuted",
	    (unsigned long long)v, JOB_VERSION);
}

int
job_get_session(const struct frame *f, struct job_session *s, struct err *e)
{
	static const struct fieldmap_item version_item = { TAG_VERSION,
		FIELD_NUMBER, 0, sizeof(uint64_t), JOB_VERSION, JOB_VERSION,
		true };
	uint64_t version;
	struct fieldmap t[2] = {
		{ &version_item, 1, &version, 0 },
		{ session_items, COUNT(session_items), s, 0 },
	};

	memset(s, 0, sizeof(*s));
	if (job_expect(f, JOB_SESSION, e) == -1 || check_version(f, e) == -1 ||
	    fieldmap_get(f, t, 2, e) == -1) {
		job_session_clear(s);
		return -1;
	}
	if (s->hosts.n == 0) {
		job_session_clear(s);
		return fieldmap_malformed(e, "no host", 4);
	}
	if (s->tls_min == 11) {
		job_session_clear(s);
		return fieldmap_malformed(e, "no version to begin with", 8);
	}
	return 0;
}

/* Of a text that is too long its beginning will do. */
int
job_get_refused(const struct frame *f, char text[ERR_TEXT_MAX], struct err *e)
{
	size_t n = f->len < ERR_TEXT_MAX ? f->len : ERR_TEXT_MAX - 1;

	if (job_expect(f, JOB_REFUSED, e) == -1)
		return -1;
	memcpy(text, f->payload, n);
	text[n] = '\0';
	return 0;
}

int
job_get_ready(const struct frame *f, struct job_ready *r, struct err *e)
{
	struct fieldmap t[1] = { { ready_items, COUNT(ready_items), r, 0 } };

	memset(r, 0, sizeof(*r));
	if (job_expect(f, JOB_READY, e) == -1)
		return -1;
	return fieldmap_get(f, t, 1, e);
}

int
job_get_failed(const struct frame *f, struct job_result *r,
    struct job_ready *sofar, struct err *e)
{
	struct fieldmap t[2] = {
		{ result_items, COUNT(result_items), r, 0 },
		{ ready_items, COUNT(ready_items), sofar, 0 },
	};

	memset(r, 0, sizeof(*r));
	memset(sofar, 0, sizeof(*sofar));
	if (job_expect(f, JOB_FAILED, e) == -1)
		return -1;
	return fieldmap_get(f, t, 2, e);
}

static int
get_result(const struct frame *f, enum job_type type, struct job_result *r,
    struct err *e)
{
	struct fieldmap t[1] = { { result_items, COUNT(result_items), r, 0 } };

	memset(r, 0, sizeof(*r));
	if (job_expect(f, type, e) == -1)
		return -1;
	return fieldmap_get(f, t, 1, e);
}

int
job_get_result(const struct frame *f, struct job_result *r, struct err *e)
{
	return get_result(f, JOB_RESULT, r, e);
}

int
job_get_closed(const struct frame *f, struct job_result *r, struct err *e)
{
	return get_result(f, JOB_CLOSED, r, e);
}

int
job_get_done(const struct frame *f, struct job_done *d, struct err *e)
{
	struct fieldmap t[1] = { { done_items, COUNT(done_items), d, 0 } };

	memset(d, 0, sizeof(*d));
	if (job_expect(f, JOB_MESSAGE_DONE, e) == -1)
		return -1;
	return fieldmap_get(f, t, 1, e);
}
