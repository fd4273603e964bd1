/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/control.h"
#include "queue/dispatch.h"
#include "tests/unit/control_rig.h"

struct control_rig rig;

int
control_set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.is_daemon = true;
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT);
	/* Nothing is to be delivered while a test looks at it. */
	dispatch_stop(rig.o.parts.dispatch);
	return 0;
}

int
control_tear_down(void **state)
{
	(void)state;
	ctl_recipient_clear(&rig.last);
	office_close(&rig.o);
	return 0;
}

void
control_reopen(void)
{
	office_reopen(&rig.o);
	dispatch_stop(rig.o.parts.dispatch);
}

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	size_t at = strlen(rig.said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rig.said + at, sizeof(rig.said) - at, fmt, ap);
	va_end(ap);
	strlcat(rig.said, "\n", sizeof(rig.said));
}

static void
note_message(const struct frame *f)
{
	struct ctl_message m;

	assert_int_equal(ctl_get_message(f, &m, &rig.o.e), 0);
	note("message %s %s <%s> %llu octets uid %lu by %s", m.id, m.state,
	    m.sender, (unsigned long long)m.size, (unsigned long)m.uid,
	    m.account);
	ctl_message_clear(&m);
}

static void
note_recipient(const struct frame *f)
{
	struct ctl_recipient r;

	assert_int_equal(ctl_get_recipient(f, &r, &rig.o.e), 0);
	note("  %s %s next %lld%s%s", r.address, r.state,
	    r.next_at == 0 ? 0 : (long long)(r.next_at - T0),
	    r.text == NULL ? "" : ": ", r.text == NULL ? "" : r.text);
	ctl_recipient_clear(&rig.last);
	rig.last = r;
}

static void
note_totals(const struct frame *f)
{
	struct ctl_totals t;

	assert_int_equal(ctl_get_totals(f, &t, &rig.o.e), 0);
	note("totals %llu waiting %llu held %llu failed %llu uncertain %llu%s: "
	     "%s, %s",
	    (unsigned long long)t.messages, (unsigned long long)t.waiting,
	    (unsigned long long)t.held, (unsigned long long)t.failed,
	    (unsigned long long)t.uncertain, t.own_only ? " own" : "",
	    t.verdict, t.reason);
	note("octets %llu%s%s oldest %lld", (unsigned long long)t.octets,
	    t.paused ? " paused" : "", t.delivery_off ? " off" : "",
	    t.oldest_at == 0 ? 0 : (long long)(t.oldest_at - T0));
	rig.since = t.since;
	ctl_totals_clear(&t);
}

static void
note_account(const struct frame *f)
{
	struct ctl_account a;

	assert_int_equal(ctl_get_account(f, &a, &rig.o.e), 0);
	note("account %s %s waiting %llu", a.name, a.state,
	    (unsigned long long)a.waiting);
	note("limits %llu/%llds %llu recipients %llu connections",
	    (unsigned long long)a.rate_count, (long long)a.rate_per_s,
	    (unsigned long long)a.rcpts_max,
	    (unsigned long long)a.connections_max);
	ctl_account_clear(&a);
}

static void
note_alarm(const struct frame *f)
{
	struct ctl_alarm a;

	assert_int_equal(ctl_get_alarm(f, &a, &rig.o.e), 0);
	note("alarm %s of %s: %s; %s", a.kind,
	    a.account == NULL ? "none" : a.account, a.text, a.fix);
	ctl_alarm_clear(&a);
}

static void
note_depth(const struct frame *f)
{
	struct ctl_depth d;

	assert_int_equal(ctl_get_depth(f, &d, &rig.o.e), 0);
	note("depth %s %s %llu %llu", d.account == NULL ? "all" : d.account,
	    d.state, (unsigned long long)d.messages,
	    (unsigned long long)d.octets);
	ctl_depth_clear(&d);
}

static void
note_ledger(const struct frame *f)
{
	struct ctl_ledger l;

	assert_int_equal(ctl_get_ledger(f, &l, &rig.o.e), 0);
	note("ledger %s %llu %llu %llu %llu %llu %llu", l.account,
	    (unsigned long long)l.delivered, (unsigned long long)l.deferred,
	    (unsigned long long)l.uncertain, (unsigned long long)l.bounced,
	    (unsigned long long)l.expired, (unsigned long long)l.removed);
	ctl_ledger_clear(&l);
}

/* The rest of it is the machine's. */
static void
note_host(const struct frame *f)
{
	struct ctl_host h;

	assert_int_equal(ctl_get_host(f, &h, &rig.o.e), 0);
	note("host min %llu%s drops %s%llu aside %llu",
	    (unsigned long long)h.free_min, h.started_at == 0 ? "" : " started",
	    h.has_drops ? "" : "unknown ", (unsigned long long)h.drops_waiting,
	    (unsigned long long)h.drops_aside);
	rig.host = h;
}

static void
note_attempt(const struct frame *f)
{
	struct ctl_attempt a;

	assert_int_equal(ctl_get_attempt(f, &a, &rig.o.e), 0);
	note("attempt %s %s %llu %s", a.address, a.outcome,
	    (unsigned long long)a.code, a.text);
	ctl_attempt_clear(&a);
}

static void
note_event(const struct frame *f)
{
	struct ctl_event ev;

	assert_int_equal(ctl_get_event(f, &ev, &rig.o.e), 0);
	note("event %s %s <%s> %s by %s uid %lu: %s", ev.id, ev.what, ev.sender,
	    ev.address, ev.account, (unsigned long)ev.uid, ev.text);
	ctl_event_clear(&ev);
}

static void
note_device(const struct frame *f)
{
	struct ctl_device d;

	assert_int_equal(ctl_get_device(f, &d, &rig.o.e), 0);
	note("device %s %s %s %s %d %llu", d.listener, d.address, d.name, d.tls,
	    d.is_old, (unsigned long long)d.messages);
	ctl_device_clear(&d);
}

static void
note_listener(const struct frame *f)
{
	struct ctl_listener l;

	assert_int_equal(ctl_get_listener(f, &l, &rig.o.e), 0);
	note("listener %s %s %s:%llu%s %s %s %s", l.name, l.state, l.address,
	    (unsigned long long)l.port, l.is_lent ? " lent" : "", l.tls,
	    l.tls_min, l.auth);
	note("clients %llu/%llu messages %llu away %llu refused %llu",
	    (unsigned long long)l.connections,
	    (unsigned long long)l.connections_max,
	    (unsigned long long)l.messages, (unsigned long long)l.turned_away,
	    (unsigned long long)l.refused);
	if (l.text != NULL)
		note("since %lld: %s; %s",
		    l.since == 0 ? 0 : (long long)(l.since - T0), l.text,
		    l.fix == NULL ? "nothing" : l.fix);
	if (l.pair_text != NULL)
		note("certificate %s since %lld %s%s", l.pair,
		    (long long)(l.pair_since - T0), l.pair_text,
		    l.ends == NULL ? "" : "; it ends");
	else
		note("certificate %s%s%s", l.pair, l.ends == NULL ? "" : ": ",
		    l.ends == NULL ? "" : l.ends);
	ctl_listener_clear(&l);
}

static void
note_frame(const struct frame *f)
{
	char *text = NULL;

	switch (f->type) {
	case CTL_MESSAGE:
		note_message(f);
		break;
	case CTL_RECIPIENT:
		note_recipient(f);
		break;
	case CTL_ATTEMPT:
		note_attempt(f);
		break;
	case CTL_EVENT:
		note_event(f);
		break;
	case CTL_ACCOUNT:
		note_account(f);
		break;
	case CTL_ALARM:
		note_alarm(f);
		break;
	case CTL_LISTENER:
		note_listener(f);
		break;
	case CTL_DEPTH:
		note_depth(f);
		break;
	case CTL_LEDGER:
		note_ledger(f);
		break;
	case CTL_HOST:
		note_host(f);
		break;
	case CTL_BODY:
		note("body %.*s", (int)f->len, (const char *)f->payload);
		break;
	case CTL_TOTALS:
		note_totals(f);
		break;
	case CTL_SAID:
		assert_non_null(text = ctl_get_said(f, &rig.o.e));
		/* On a tmpfs there is a remark, which is not our matter. */
		if (strstr(text, "lies ") == NULL)
			note("%s", text);
		break;
	case CTL_DEVICE:
		note_device(f);
		break;
	case CTL_DONE:
		assert_int_equal(
		    ctl_get_done(f, &rig.status, &text, &rig.o.e), 0);
		if (text != NULL && text[0] != '\0')
			note("done: %s", text);
		break;
	default:
		fail_msg("frame %u", f->type);
	}
	free(text);
}

static void
on_ended(void *arg)
{
	*(bool *)arg = true;
}

/*
 * Asks as that user with these bytes, and reads to the end.  False when it was
 * closed without a DONE.
 */
bool
ask_with(uid_t uid, const void *p, size_t n)
{
	struct control_parts cp = { rig.o.parts.base, rig.o.conf,
		&rig.o.identity, &rig.o.parts.times, rig.o.parts.store,
		rig.is_reader ? NULL : rig.o.parts.batch, rig.o.parts.dispatch,
		rig.o.parts.limits, rig.o.parts.alarms, rig.o.parts.calendar,
		rig.is_daemon, rig.is_reader ? NULL : rig.o.parts.devices,
		rig.o.parts.ask };
	bool has_ended = false;
	struct control *c;
	struct buf in;
	struct frame f;
	int fd[2], turn;
	ssize_t got = -1, used;
	char *to;

	rig.said[0] = '\0';
	rig.status = -1;
	if (uid != geteuid())
		assert_int_equal(seteuid(uid), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	if (uid != getuid())
		assert_int_equal(seteuid(getuid()), 0);
	c = control_new_single(&cp, fd[0], on_ended, &has_ended);
	assert_int_equal(send(fd[1], p, n, 0), n);
	buf_init(&in, 8 * 1024 * 1024);
	for (turn = 0; turn < 100000 && got != 0; turn++) {
		office_run(&rig.o);
		to = buf_reserve(&in, 65536);
		assert_non_null(to);
		got = recv(fd[1], to, 65536, MSG_DONTWAIT);
		if (got == -1)
			assert_int_equal(errno, EAGAIN);
		if (got > 0)
			buf_grew(&in, (size_t)got);
		while ((used = frame_parse(buf_data(&in), in.len, &f)) > 0) {
			assert_int_equal(rig.status, -1);
			note_frame(&f);
			buf_consume(&in, (size_t)used);
		}
	}
	assert_int_equal(in.len, 0);
	assert_true(has_ended);
	buf_clear(&in);
	close(fd[1]);
	control_free(c);
	office_run(&rig.o);
	return rig.status != -1;
}

void
ask_request(uid_t uid, const struct ctl_request *r)
{
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(ctl_put_request(&b, r), 0);
	assert_true(ask_with(uid, buf_data(&b), b.len));
	buf_clear(&b);
}

/* One verb over the ids, or over all with none. */
void
ask_verb(uid_t uid, enum ctl_verb verb, uint64_t first, uint64_t second)
{
	struct ctl_request r = { .verb = verb, .all = first == 0 };
	char id[QUEUE_ID_TEXT];

	if (first != 0) {
		queue_id_format(first, id);
		strlist_add(&r.ids, id);
	}
	if (second != 0) {
		queue_id_format(second, id);
		strlist_add(&r.ids, id);
	}
	ask_request(uid, &r);
	strlist_clear(&r.ids);
}

uint64_t
post(uid_t uid, const char *to)
{
	return office_post(
	    &rig.o, (struct office_mail){ .uid = uid, .to = { to } });
}

void
says(const char *part)
{
	if (strstr(rig.said, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, rig.said);
}

void
says_not(const char *part)
{
	if (strstr(rig.said, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, rig.said);
}
