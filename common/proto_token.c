/* SPDX-License-Identifier: ISC */
/*
 * The token contract on the wire.  Each payload is described by one table
 * (common/fieldmap.h).  The queue process reads here what token wrote, and
 * token has read a remote server's bytes, so reading is strict and fuzzed
 * (tests/fuzz/proto_token.c).
 */
#include "config.h"

#include <string.h>
#include <syslog.h>

#include "common/fieldmap.h"
#include "common/proto_token.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define TXT FIELDMAP_TEXT
#define NUM FIELDMAP_NUMBER

/* Tag 1 of ASK is the version. */
#define TAG_VERSION 1

static const struct fieldmap_item ask_items[] = {
	STR(2, token_ask, account, true),
	NUM(3, token_ask, provider, 0, PROVIDER_SMTP),
	NUM(4, token_ask, grant, 0, GRANT_FEDERATED),
	NUM(5, token_ask, proof, 0, TOKEN_PROOF_FEDERATED),
	NUM(6, token_ask, assertion, 0, ASSERTION_RS256),
	NUM(7, token_ask, is_device_code, 0, 1),
	STR(8, token_ask, token_url, true),
	STR(9, token_ask, scope, true),
	STR(10, token_ask, client_id, false),
	STR(11, token_ask, tenant, false),
	STR(12, token_ask, user, false),
	STR(13, token_ask, proxy, false),
	STR(14, token_ask, ca_file, false),
	NUM(15, token_ask, family, 0, FAMILY_IPV6),
	NUM(16, token_ask, sandbox, 0, SANDBOX_OFF),
	NUM(17, token_ask, deadline_ms, TOKEN_DEADLINE_MIN_MS, TOKEN_DEADLINE_MAX_MS),
	NUM(18, token_ask, connect_ms, TOKEN_DEADLINE_MIN_MS, TOKEN_DEADLINE_MAX_MS),
	NUM(19, token_ask, log_target, 0, CONF_LOG_FILE),
	NUM(20, token_ask, log_level, 0, LOG_DEBUG),
	NUM(21, token_ask, app_rbac, 0, 1),
};

static const struct fieldmap_item granted_items[] = {
	NUM(1, token_granted, lifetime_s, 1, TOKEN_LIFETIME_MAX_S),
	NUM(2, token_granted, asked_at, 0, INT64_MAX),
	NUM(3, token_granted, until, 0, INT64_MAX),
	NUM(4, token_granted, server_at, 0, INT64_MAX),
	NUM(5, token_granted, has_refresh, 0, 1),
	NUM(6, token_granted, is_rotated, 0, 1),
	NUM(7, token_granted, refresh_since, 0, INT64_MAX),
	NUM(8, token_granted, cert_until, 0, INT64_MAX),
	TXT(9, token_granted, doubt),
	TXT(10, token_granted, fix),
	TXT(11, token_granted, claims.aud),
	TXT(12, token_granted, claims.roles),
	TXT(13, token_granted, claims.scp),
	TXT(14, token_granted, claims.appid),
	TXT(15, token_granted, claims.oid),
	TXT(16, token_granted, claims.tid),
	TXT(17, token_granted, claims.upn),
	NUM(18, token_granted, claims.exp, 0, INT64_MAX),
};

static const struct fieldmap_item failed_items[] = {
	NUM(1, token_failed, class, TOKEN_LATER, TOKEN_NEVER),
	NUM(2, token_failed, ended, 0, TOKEN_ENDED_REFRESH),
	NUM(3, token_failed, http, 0, 999),
	NUM(4, token_failed, aadsts, 0, UINT32_MAX),
	TXT(5, token_failed, status),
	TXT(6, token_failed, error),
	TXT(7, token_failed, text),
	TXT(8, token_failed, phase),
	TXT(9, token_failed, meaning),
	TXT(10, token_failed, fix),
	NUM(11, token_failed, wait_s, 0, TOKEN_WAIT_MAX_S),
	NUM(12, token_failed, server_at, 0, INT64_MAX),
	NUM(13, token_failed, asked_at, 0, INT64_MAX),
	NUM(14, token_failed, cert_until, 0, INT64_MAX),
};

static const struct fieldmap_item code_items[] = {
	TXT(1, token_code, uri),
	TXT(2, token_code, code),
	NUM(3, token_code, expires_s, 1, UINT32_MAX),
	NUM(4, token_code, interval_s, 1, UINT32_MAX),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- writing ---- */

/* One frame that holds one struct. */
static int
put_frame(struct buf *b, enum token_type type,
    const struct fieldmap_item *items, size_t n, const void *from)
{
	ssize_t start = frame_begin(b, type);

	if (start == -1 || fieldmap_put(b, items, n, from) == -1)
		return -1;
	return frame_end(b, start);
}

int
token_put_ask(struct buf *b, const struct token_ask *a)
{
	ssize_t start = frame_begin(b, TOKEN_ASK);

	if (start == -1 || field_put_u64(b, TAG_VERSION, TOKEN_VERSION) == -1 ||
	    fieldmap_put(b, ask_items, COUNT(ask_items), a) == -1)
		return -1;
	return frame_end(b, start);
}

int
token_put_refused(struct buf *b, const char *text)
{
	return frame_put_raw(b, TOKEN_REFUSED, text, strlen(text));
}

int
token_put_granted(struct buf *b, const struct token_granted *g)
{
	return put_frame(
	    b, TOKEN_GRANTED, granted_items, COUNT(granted_items), g);
}

int
token_put_failed(struct buf *b, const struct token_failed *x)
{
	return put_frame(b, TOKEN_FAILED, failed_items, COUNT(failed_items), x);
}

int
token_put_code(struct buf *b, const struct token_code *c)
{
	return put_frame(b, TOKEN_CODE, code_items, COUNT(code_items), c);
}

/* ---- reading ---- */

static int
expect(const struct frame *f, enum token_type type, struct err *e)
{
	if (f->type == type)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "token channel: frame %u where %u was due", f->type, type);
}

static int
get_frame(const struct frame *f, enum token_type type, struct fieldmap *t,
    size_t size, struct err *e)
{
	memset(t->into, 0, size);
	if (expect(f, type, e) == -1)
		return -1;
	return fieldmap_get(f, t, 1, e);
}

void
token_ask_clear(struct token_ask *a)
{
	fieldmap_clear(ask_items, COUNT(ask_items), a);
	memset(a, 0, sizeof(*a));
}

static int
check_version(const struct frame *f, struct err *e)
{
	uint64_t v;

	if (fieldmap_version(f, &v, e) == -1)
		return -1;
	if (v == TOKEN_VERSION)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "mailchuted speaks version %llu to token, which knows %d; "
	    "mailchute was upgraded while it ran: restart mailchuted",
	    (unsigned long long)v, TOKEN_VERSION);
}

int
token_get_ask(const struct frame *f, struct token_ask *a, struct err *e)
{
	static const struct fieldmap_item version_item = { TAG_VERSION,
		FIELD_NUMBER, 0, sizeof(uint64_t), TOKEN_VERSION, TOKEN_VERSION,
		true };
	uint64_t version;
	struct fieldmap t[2] = {
		{ &version_item, 1, &version, 0 },
		{ ask_items, COUNT(ask_items), a, 0 },
	};

	memset(a, 0, sizeof(*a));
	if (expect(f, TOKEN_ASK, e) == -1 || check_version(f, e) == -1)
		return -1;
	if (fieldmap_get(f, t, 2, e) == 0)
		return 0;
	token_ask_clear(a);
	return -1;
}

int
token_get_refused(const struct frame *f, char text[ERR_TEXT_MAX], struct err *e)
{
	size_t n = f->len < ERR_TEXT_MAX ? f->len : ERR_TEXT_MAX - 1;

	if (expect(f, TOKEN_REFUSED, e) == -1)
		return -1;
	memcpy(text, f->payload, n);
	text[n] = '\0';
	return 0;
}

int
token_get_granted(const struct frame *f, struct token_granted *g, struct err *e)
{
	struct fieldmap t = { granted_items, COUNT(granted_items), g, 0 };

	return get_frame(f, TOKEN_GRANTED, &t, sizeof(*g), e);
}

int
token_get_failed(const struct frame *f, struct token_failed *x, struct err *e)
{
	struct fieldmap t = { failed_items, COUNT(failed_items), x, 0 };

	return get_frame(f, TOKEN_FAILED, &t, sizeof(*x), e);
}

int
token_get_code(const struct frame *f, struct token_code *c, struct err *e)
{
	struct fieldmap t = { code_items, COUNT(code_items), c, 0 };

	return get_frame(f, TOKEN_CODE, &t, sizeof(*c), e);
}
