/* SPDX-License-Identifier: ISC */
/*
 * The control contract on the wire.  Each payload is described by one table
 * (common/fieldmap.h).  The daemon reads REQUEST from any local user; clients
 * read rows that quote remote servers.  Reading is strict and fuzzed
 * (tests/fuzz/proto_ctl.c).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER
#define LST FIELDMAP_LIST

/* Tag 1 of REQUEST is the version. */
struct head {
	uint64_t version;
};
static const struct fieldmap_item head_items[] = {
	NUM(1, head, version, 0, UINT64_MAX),
};
static const struct fieldmap_item request_items[] = {
	NUM(2, ctl_request, verb, CTL_LIST, CTL_DEVICES),
	LST(3, ctl_request, ids),
	NUM(4, ctl_request, all, 0, 1),
	NUM(5, ctl_request, body, 0, 1),
	STR(6, ctl_request, match_id, false),
	STR(7, ctl_request, match_rcpt, false),
	STR(8, ctl_request, match_sender, false),
	STR(9, ctl_request, word, false),
	STR(10, ctl_request, account, false),
	NUM(11, ctl_request, for_s, 0, INT32_MAX),
};

static const struct fieldmap_item message_items[] = {
	STR(1, ctl_message, id, true),
	STR(2, ctl_message, state, true),
	STR(3, ctl_message, sender, true),
	STR(4, ctl_message, account, false),
	STR(5, ctl_message, message_id, false),
	NUM(6, ctl_message, size, 0, INT64_MAX),
	NUM(7, ctl_message, arrived_at, 0, INT64_MAX),
	NUM(8, ctl_message, attempts, 0, UINT64_MAX),
	NUM(9, ctl_message, uid, 0, UINT32_MAX),
	STR(10, ctl_message, kind, false),
};

static const struct fieldmap_item recipient_items[] = {
	STR(1, ctl_recipient, address, true),
	STR(2, ctl_recipient, original, false),
	STR(3, ctl_recipient, state, true),
	NUM(4, ctl_recipient, code, 0, 999),
	STR(5, ctl_recipient, status, false),
	STR(6, ctl_recipient, text, false),
	STR(7, ctl_recipient, meaning, false),
	STR(8, ctl_recipient, fix, false),
	NUM(9, ctl_recipient, next_at, 0, INT64_MAX),
	NUM(10, ctl_recipient, since, 0, INT64_MAX),
};

static const struct fieldmap_item attempt_items[] = {
	NUM(1, ctl_attempt, at, 0, INT64_MAX),
	STR(2, ctl_attempt, address, false),
	STR(3, ctl_attempt, outcome, true),
	STR(4, ctl_attempt, relay, false),
	STR(5, ctl_attempt, tls, false),
	NUM(6, ctl_attempt, code, 0, 999),
	STR(7, ctl_attempt, status, false),
	STR(8, ctl_attempt, text, false),
};

static const struct fieldmap_item event_items[] = {
	NUM(1, ctl_event, at, 0, INT64_MAX),
	STR(2, ctl_event, what, true),
	STR(3, ctl_event, id, true),
	STR(4, ctl_event, sender, true),
	STR(5, ctl_event, address, true),
	STR(6, ctl_event, account, false),
	STR(7, ctl_event, message_id, false),
	STR(8, ctl_event, relay, false),
	NUM(9, ctl_event, code, 0, 999),
	STR(10, ctl_event, status, false),
	STR(11, ctl_event, text, false),
	NUM(12, ctl_event, size, 0, INT64_MAX),
	NUM(13, ctl_event, arrived_at, 0, INT64_MAX),
	NUM(14, ctl_event, uid, 0, UINT32_MAX),
	STR(15, ctl_event, original, false),
};

static const struct fieldmap_item account_items[] = {
	STR(1, ctl_account, name, true),
	STR(2, ctl_account, state, true),
	NUM(3, ctl_account, since, 0, INT64_MAX),
	NUM(4, ctl_account, code, 0, 999),
	STR(5, ctl_account, status, false),
	STR(6, ctl_account, text, false),
	STR(7, ctl_account, meaning, false),
	STR(8, ctl_account, fix, false),
	NUM(9, ctl_account, next_at, 0, INT64_MAX),
	NUM(10, ctl_account, waiting, 0, UINT64_MAX),
	NUM(11, ctl_account, sent_minute, 0, UINT64_MAX),
	NUM(12, ctl_account, sent_day, 0, UINT64_MAX),
	NUM(13, ctl_account, rcpts_day, 0, UINT64_MAX),
	NUM(14, ctl_account, connections, 0, UINT64_MAX),
	STR(15, ctl_account, relay, false),
	STR(16, ctl_account, tls, false),
	NUM(17, ctl_account, rate_count, 0, UINT64_MAX),
	NUM(18, ctl_account, rate_per_s, 0, INT64_MAX),
	NUM(19, ctl_account, rcpts_max, 0, UINT64_MAX),
	NUM(20, ctl_account, connections_max, 0, UINT64_MAX),
	STR(21, ctl_account, legacy, false),
	STR(22, ctl_account, legacy_host, false),
	NUM(23, ctl_account, legacy_since, 0, INT64_MAX),
	NUM(24, ctl_account, legacy_until, 0, INT64_MAX),
	NUM(25, ctl_account, old_tls, 0, UINT64_MAX),
	NUM(26, ctl_account, old_tls_ever, 0, UINT64_MAX),
	NUM(27, ctl_account, sent_window, 0, UINT64_MAX),
};

static const struct fieldmap_item alarm_items[] = {
	STR(1, ctl_alarm, kind, true),
	STR(2, ctl_alarm, account, false),
	NUM(3, ctl_alarm, since, 0, INT64_MAX),
	STR(4, ctl_alarm, text, true),
	STR(5, ctl_alarm, fix, false),
};

static const struct fieldmap_item totals_items[] = {
	NUM(1, ctl_totals, messages, 0, UINT64_MAX),
	NUM(2, ctl_totals, octets, 0, UINT64_MAX),
	NUM(3, ctl_totals, waiting, 0, UINT64_MAX),
	NUM(4, ctl_totals, held, 0, UINT64_MAX),
	NUM(5, ctl_totals, failed, 0, UINT64_MAX),
	NUM(6, ctl_totals, uncertain, 0, UINT64_MAX),
	NUM(7, ctl_totals, oldest_at, 0, INT64_MAX),
	NUM(8, ctl_totals, paused, 0, 1),
	NUM(9, ctl_totals, delivery_off, 0, 1),
	NUM(10, ctl_totals, own_only, 0, 1),
	STR(11, ctl_totals, verdict, false),
	NUM(12, ctl_totals, since, 0, INT64_MAX),
	STR(13, ctl_totals, reason, false),
	NUM(14, ctl_totals, no_daemon, 0, 1),
};

struct said {
	char *line;
};
static const struct fieldmap_item said_items[] = {
	STR(1, said, line, true),
};

struct done {
	unsigned status;
	char *text;
};
static const struct fieldmap_item done_items[] = {
	NUM(1, done, status, 0, 255), /* an exit status */
	STR(2, done, text, false),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- one frame, one struct ---- */

static int
put_frame(struct buf *b, enum ctl_type type, const struct fieldmap_item *items,
    size_t n, const void *from)
{
	size_t before = b->len;
	ssize_t start = frame_begin(b, type);

	if (start == -1 || fieldmap_put(b, items, n, from) == -1 ||
	    frame_end(b, start) == -1) {
		/* A row is there whole or not at all. */
		buf_truncate(b, before);
		return -1;
	}
	return 0;
}

static int
wrong_type(const struct frame *f, struct err *e)
{
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "our own programs do not understand one another: frame of type %u "
	    "out of place; restart mailchuted if it was just upgraded",
	    f->type);
}

/* What was allocated is freed again by the caller after -1. */
static int
get_frame(const struct frame *f, enum ctl_type type,
    const struct fieldmap_item *items, size_t n, void *into, struct err *e)
{
	struct fieldmap map = { items, n, into, 0 };

	if (f->type != type)
		return wrong_type(f, e);
	return fieldmap_get(f, &map, 1, e);
}

/* ---- the request ---- */

bool
ctl_is_question(enum ctl_verb verb)
{
	return verb == CTL_LIST || verb == CTL_SHOW || verb == CTL_STATUS ||
	       verb == CTL_TRACE || verb == CTL_FOLLOW || verb == CTL_METRICS ||
	       verb == CTL_DEVICES;
}

void
ctl_request_clear(struct ctl_request *r)
{
	fieldmap_clear(request_items, COUNT(request_items), r);
	memset(r, 0, sizeof(*r));
}

int
ctl_put_request(struct buf *b, const struct ctl_request *r)
{
	const struct head head = { CTL_VERSION };
	size_t before = b->len;
	ssize_t start = frame_begin(b, CTL_REQUEST);

	if (start == -1 ||
	    fieldmap_put(b, head_items, COUNT(head_items), &head) == -1 ||
	    fieldmap_put(b, request_items, COUNT(request_items), r) == -1 ||
	    frame_end(b, start) == -1) {
		buf_truncate(b, before);
		return -1;
	}
	return 0;
}

static int
check_version(const struct frame *f, struct err *e)
{
	uint64_t v;

	if (fieldmap_version(f, &v, e) == -1)
		return -1;
	if (v != CTL_VERSION)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "the request is of version %llu and mailchuted speaks %d; "
		    "restart mailchuted, or use the program that came with it",
		    (unsigned long long)v, CTL_VERSION);
	return 0;
}

int
ctl_get_request(const struct frame *f, struct ctl_request *r, struct err *e)
{
	struct head head;
	struct fieldmap maps[] = { { head_items, COUNT(head_items), &head, 0 },
		{ request_items, COUNT(request_items), r, 0 } };

	memset(r, 0, sizeof(*r));
	if (f->type != CTL_REQUEST)
		return wrong_type(f, e);
	if (check_version(f, e) == -1)
		return -1;
	if (fieldmap_get(f, maps, COUNT(maps), e) == -1) {
		ctl_request_clear(r);
		return -1;
	}
	if (r->ids.n > CTL_IDS_MAX) {
		ctl_request_clear(r);
		return err_set(e, ERR_PERM, "5.5.4",
		    "more than %d queue ids in one request", CTL_IDS_MAX);
	}
	return 0;
}

/* ---- rows ---- */

void
ctl_message_clear(struct ctl_message *m)
{
	fieldmap_clear(message_items, COUNT(message_items), m);
	memset(m, 0, sizeof(*m));
}

int
ctl_put_message(struct buf *b, const struct ctl_message *m)
{
	return put_frame(
	    b, CTL_MESSAGE, message_items, COUNT(message_items), m);
}

int
ctl_get_message(const struct frame *f, struct ctl_message *m, struct err *e)
{
	memset(m, 0, sizeof(*m));
	if (get_frame(
		f, CTL_MESSAGE, message_items, COUNT(message_items), m, e) == 0)
		return 0;
	ctl_message_clear(m);
	return -1;
}

void
ctl_recipient_clear(struct ctl_recipient *r)
{
	fieldmap_clear(recipient_items, COUNT(recipient_items), r);
	memset(r, 0, sizeof(*r));
}

int
ctl_put_recipient(struct buf *b, const struct ctl_recipient *r)
{
	return put_frame(
	    b, CTL_RECIPIENT, recipient_items, COUNT(recipient_items), r);
}

int
ctl_get_recipient(const struct frame *f, struct ctl_recipient *r, struct err *e)
{
	memset(r, 0, sizeof(*r));
	if (get_frame(f, CTL_RECIPIENT, recipient_items, COUNT(recipient_items),
		r, e) == 0)
		return 0;
	ctl_recipient_clear(r);
	return -1;
}

void
ctl_attempt_clear(struct ctl_attempt *a)
{
	fieldmap_clear(attempt_items, COUNT(attempt_items), a);
	memset(a, 0, sizeof(*a));
}

int
ctl_put_attempt(struct buf *b, const struct ctl_attempt *a)
{
	return put_frame(
	    b, CTL_ATTEMPT, attempt_items, COUNT(attempt_items), a);
}

int
ctl_get_attempt(const struct frame *f, struct ctl_attempt *a, struct err *e)
{
	memset(a, 0, sizeof(*a));
	if (get_frame(
		f, CTL_ATTEMPT, attempt_items, COUNT(attempt_items), a, e) == 0)
		return 0;
	ctl_attempt_clear(a);
	return -1;
}

void
ctl_event_clear(struct ctl_event *ev)
{
	fieldmap_clear(event_items, COUNT(event_items), ev);
	memset(ev, 0, sizeof(*ev));
}

int
ctl_put_event(struct buf *b, const struct ctl_event *ev)
{
	return put_frame(b, CTL_EVENT, event_items, COUNT(event_items), ev);
}

int
ctl_get_event(const struct frame *f, struct ctl_event *ev, struct err *e)
{
	memset(ev, 0, sizeof(*ev));
	if (get_frame(f, CTL_EVENT, event_items, COUNT(event_items), ev, e) ==
	    0)
		return 0;
	ctl_event_clear(ev);
	return -1;
}

void
ctl_account_clear(struct ctl_account *a)
{
	fieldmap_clear(account_items, COUNT(account_items), a);
	memset(a, 0, sizeof(*a));
}

int
ctl_put_account(struct buf *b, const struct ctl_account *a)
{
	return put_frame(
	    b, CTL_ACCOUNT, account_items, COUNT(account_items), a);
}

int
ctl_get_account(const struct frame *f, struct ctl_account *a, struct err *e)
{
	memset(a, 0, sizeof(*a));
	if (get_frame(
		f, CTL_ACCOUNT, account_items, COUNT(account_items), a, e) == 0)
		return 0;
	ctl_account_clear(a);
	return -1;
}

void
ctl_alarm_clear(struct ctl_alarm *a)
{
	fieldmap_clear(alarm_items, COUNT(alarm_items), a);
	memset(a, 0, sizeof(*a));
}

int
ctl_put_alarm(struct buf *b, const struct ctl_alarm *a)
{
	return put_frame(b, CTL_ALARM, alarm_items, COUNT(alarm_items), a);
}

int
ctl_get_alarm(const struct frame *f, struct ctl_alarm *a, struct err *e)
{
	memset(a, 0, sizeof(*a));
	if (get_frame(f, CTL_ALARM, alarm_items, COUNT(alarm_items), a, e) == 0)
		return 0;
	ctl_alarm_clear(a);
	return -1;
}

void
ctl_totals_clear(struct ctl_totals *t)
{
	fieldmap_clear(totals_items, COUNT(totals_items), t);
	memset(t, 0, sizeof(*t));
}

int
ctl_put_totals(struct buf *b, const struct ctl_totals *t)
{
	return put_frame(b, CTL_TOTALS, totals_items, COUNT(totals_items), t);
}

int
ctl_get_totals(const struct frame *f, struct ctl_totals *t, struct err *e)
{
	memset(t, 0, sizeof(*t));
	if (get_frame(f, CTL_TOTALS, totals_items, COUNT(totals_items), t, e) ==
	    0)
		return 0;
	ctl_totals_clear(t);
	return -1;
}

/* ---- words and the end ---- */

int
ctl_put_said(struct buf *b, const char *line)
{
	/* Writing reads it alone, though a table serves both ways. */
	const struct said said = { (char *)(uintptr_t)line };

	return put_frame(b, CTL_SAID, said_items, COUNT(said_items), &said);
}

char *
ctl_get_said(const struct frame *f, struct err *e)
{
	struct said said = { NULL };

	if (get_frame(f, CTL_SAID, said_items, COUNT(said_items), &said, e) ==
	    0)
		return said.line;
	free(said.line);
	return NULL;
}

int
ctl_put_done(struct buf *b, int status, const char *text)
{
	const struct done done = { (unsigned)status, (char *)(uintptr_t)text };

	return put_frame(b, CTL_DONE, done_items, COUNT(done_items), &done);
}

int
ctl_get_done(const struct frame *f, int *status, char **text, struct err *e)
{
	struct done done = { 0, NULL };

	if (get_frame(f, CTL_DONE, done_items, COUNT(done_items), &done, e) ==
	    -1) {
		free(done.text);
		return -1;
	}
	*status = (int)done.status;
	*text = done.text;
	return 0;
}
