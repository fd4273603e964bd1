/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/alarm.h"
#include "queue/dispatch.h"
#include "tests/unit/alarm_rig.h"

void
later(int64_t seconds)
{
	rig.o.parts.times.pending_s -= seconds;
	rig.now += seconds;
}

void
look(void)
{
	alarm_look(rig.o.parts.alarms);
	office_run(&rig.o);
}

void
up(const char *options)
{
	rig_up(options);
	alarm_watch(rig.o.parts.alarms);
	office_run(&rig.o);
}

/* What a new start does, as far as alarms go. */
void
restart(void)
{
	struct parts *p = &rig.o.parts;
	const struct alarm_parts ap = { p->base, p->conf, p->identity,
		&p->times, p->store, p->batch, p->ask, p->limits, p->expand,
		p->dispatch };

	alarm_free(p->alarms);
	p->alarms = alarm_new(&ap, &rig.o.e);
	assert_non_null(p->alarms);
	alarm_watch(p->alarms);
	office_run(&rig.o);
}

/* The text that the parent was given. */
const char *
told(void)
{
	static char text[ASK_TEXT_MAX];
	struct ask_request r = asked(ASK_ALARM);

	assert_non_null(memchr(r.with.text, '\0', sizeof(r.with.text)));
	strlcpy(text, r.with.text, sizeof(text));
	return text;
}

void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void
add_row(void *arg, const struct alarm_view *v)
{
	buf_printf(arg, "%s%s %s", ((struct buf *)arg)->len == 0 ? "" : ", ",
	    v->kind, v->account == NULL ? "-" : v->account);
}

/* "stall other, disk-full -": those that last. */
const char *
lasting(void)
{
	static char text[512];
	struct buf b;

	buf_init(&b, sizeof(text) - 1);
	alarm_each(rig.o.parts.alarms, add_row, &b);
	strlcpy(text, buf_data(&b), sizeof(text));
	buf_clear(&b);
	return text;
}

uint64_t
post_to(const char *account)
{
	return office_post(&rig.o, (struct office_mail){ .uid = 1000,
				       .account = account,
				       .to = { "a@example.com" },
				       .at = rig.now - 1 });
}

/*
 * One try of that account's mail, which the server refuses to sign in.  mail is
 * the session for the mail that tells it, or NULL.
 */
void
is_refused(const char *account, struct deliver *mail)
{
	struct deliver d;

	will_start(&d);
	dispatch_kick(rig.o.parts.dispatch, account);
	asked(ASK_DELIVER);
	hears(&d, JOB_SESSION);
	if (mail != NULL)
		will_start(mail);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
}

void
may_try(size_t account, struct deliver *d)
{
	will_start(d);
	assert_true(dispatch_probe(rig.o.parts.dispatch, account, true, 0));
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
}
