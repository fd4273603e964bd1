/* SPDX-License-Identifier: ISC */
/*
 * Frames of the control socket: requests as any local user may send them, and
 * rows as a client reads them.  Whatever is understood must come out the same
 * when it is written again.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_ctl.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX (4 * (FRAME_MAX + FRAME_HEAD))

static void
check_request(const struct frame *f, struct buf *b)
{
	struct ctl_request r, again;
	struct frame g;

	if (ctl_get_request(f, &r, NULL) == -1)
		return;
	assert(r.ids.n <= CTL_IDS_MAX);
	buf_truncate(b, 0);
	assert(ctl_put_request(b, &r) == 0);
	assert(frame_parse(b->data, b->len, &g) == (ssize_t)b->len);
	assert(ctl_get_request(&g, &again, NULL) == 0);
	assert(r.verb == again.verb && r.ids.n == again.ids.n);
	assert(r.all == again.all && r.body == again.body);
	assert((r.word == NULL) == (again.word == NULL));
	ctl_request_clear(&again);
	ctl_request_clear(&r);
}

static void
check_recipient(const struct frame *f, struct buf *b)
{
	struct ctl_recipient r, again;
	struct frame g;

	if (ctl_get_recipient(f, &r, NULL) == -1)
		return;
	buf_truncate(b, 0);
	assert(ctl_put_recipient(b, &r) == 0);
	assert(frame_parse(b->data, b->len, &g) == (ssize_t)b->len);
	assert(ctl_get_recipient(&g, &again, NULL) == 0);
	assert(strcmp(r.address, again.address) == 0);
	assert((r.text == NULL) == (again.text == NULL));
	assert(r.next_at == again.next_at);
	ctl_recipient_clear(&again);
	ctl_recipient_clear(&r);
}

static void
check_event(const struct frame *f, struct buf *b)
{
	struct ctl_event ev, again;
	struct frame g;

	if (ctl_get_event(f, &ev, NULL) == -1)
		return;
	buf_truncate(b, 0);
	assert(ctl_put_event(b, &ev) == 0);
	assert(frame_parse(b->data, b->len, &g) == (ssize_t)b->len);
	assert(ctl_get_event(&g, &again, NULL) == 0);
	assert(
	    strcmp(ev.id, again.id) == 0 && strcmp(ev.what, again.what) == 0);
	assert((ev.text == NULL) == (again.text == NULL));
	assert(ev.at == again.at && ev.uid == again.uid);
	ctl_event_clear(&again);
	ctl_event_clear(&ev);
}

static void
read_the_others(const struct frame *f)
{
	struct ctl_message m;
	struct ctl_attempt a;
	struct ctl_account c;
	struct ctl_totals t;
	struct ctl_alarm alarm;
	struct ctl_session session;
	struct ctl_token token;
	struct ctl_expiry expiry;
	struct ctl_depth depth;
	struct ctl_ledger ledger;
	struct ctl_host host;
	struct ctl_device device;
	struct ctl_listener listener;
	char *text;
	int status;

	if (ctl_get_message(f, &m, NULL) == 0)
		ctl_message_clear(&m);
	if (ctl_get_attempt(f, &a, NULL) == 0)
		ctl_attempt_clear(&a);
	if (ctl_get_account(f, &c, NULL) == 0)
		ctl_account_clear(&c);
	if (ctl_get_totals(f, &t, NULL) == 0)
		ctl_totals_clear(&t);
	if (ctl_get_alarm(f, &alarm, NULL) == 0)
		ctl_alarm_clear(&alarm);
	if (ctl_get_session(f, &session, NULL) == 0)
		ctl_session_clear(&session);
	if (ctl_get_token(f, &token, NULL) == 0)
		ctl_token_clear(&token);
	if (ctl_get_expiry(f, &expiry, NULL) == 0)
		ctl_expiry_clear(&expiry);
	if (ctl_get_depth(f, &depth, NULL) == 0)
		ctl_depth_clear(&depth);
	if (ctl_get_ledger(f, &ledger, NULL) == 0)
		ctl_ledger_clear(&ledger);
	if (ctl_get_host(f, &host, NULL) == 0)
		assert(host.has_drops == 0 || host.has_drops == 1);
	if (ctl_get_device(f, &device, NULL) == 0)
		ctl_device_clear(&device);
	if (ctl_get_listener(f, &listener, NULL) == 0)
		ctl_listener_clear(&listener);
	free(ctl_get_said(f, NULL));
	if (ctl_get_done(f, &status, &text, NULL) == 0)
		free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct frame f;
	struct buf b;
	ssize_t used;

	buf_init(&b, OUT_MAX);
	while ((used = frame_parse(p, n, &f)) > 0) {
		check_request(&f, &b);
		check_recipient(&f, &b);
		check_event(&f, &b);
		read_the_others(&f);
		p += used;
		n -= (size_t)used;
	}
	buf_clear(&b);
	return 0;
}
