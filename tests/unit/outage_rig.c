/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/dispatch.h"
#include "queue/parts.h"
#include "queue/upkeep.h"
#include "tests/unit/courier.h"
#include "tests/unit/outage_rig.h"
#include "tests/unit/virtual.h"

/* The defaults of account.backoff_min and _max, and the row for 432. */
#define BACKOFF_MIN_S 15
#define BACKOFF_MAX_S 900
#define CROWDED_S     10
#define HOLD_MS       (15 * MINUTE)

#define OPTIONS \
	"[local]\nadmin = it@contoso.com\nhostname = web01.contoso.com\n" \
	"[account]\nuser = alerts@contoso.com\nsenders = @contoso.com\n" \
	"token_file = token\nconnections = 3\n" \
	"[account billing]\nuser = billing@fabrikam.example\n" \
	"senders = @fabrikam.example\ntoken_file = token\n"

/* ---- dice: those of the schedule are the same in each run ---- */

static uint64_t dice;

uint32_t
arc4random(void)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice >> 32);
}

/* ---- what holds at every moment ---- */

static void
on_begins(void *arg, uint32_t account)
{
	struct outage *g = arg;
	int64_t now = virtual_ms();
	unsigned most =
	    g->successes < 2 ? g->successes + 1 : EXCHANGE_CONNECTIONS;

	if (account != 0) {
		/* Smart lock-out counts refused sign-ins. */
		if (g->signed_in_ms != 0)
			assert_true(now - g->signed_in_ms >= HOLD_MS);
		g->signed_in_ms = now;
		return;
	}
	g->attempts += g->is_down;
	if (g->failures > 0 && (now < g->earliest || now > g->latest))
		fail_msg("failure %u of %lld s was tried again at %lld s, not "
			 "from %lld s to %lld s",
		    g->failures, (long long)(g->failed_ms / SECOND),
		    (long long)(now / SECOND),
		    (long long)(g->earliest / SECOND),
		    (long long)(g->latest / SECOND));
	/* Slow start: one connection, two, all. */
	assert_true(g->servers[0].open + 1 <= most);
}

static int64_t
longest(unsigned failures)
{
	int64_t d = BACKOFF_MIN_S;

	for (; failures > 1 && d < BACKOFF_MAX_S; failures--)
		d *= 2;
	return d < BACKOFF_MAX_S ? d : BACKOFF_MAX_S;
}

static void
on_fails(void *arg, uint32_t account, const struct exchange_answer *a)
{
	struct outage *g = arg;
	int64_t now = virtual_ms(), d, least;

	if (account != 0)
		return;
	/* What is silent may have been called long before it was back. */
	if (!g->is_down && !a->is_silent && now > g->up_ms + 10 * SECOND)
		fail_msg("at %lld ms, which is %lld ms after it was back: %s",
		    (long long)now, (long long)(now - g->up_ms), a->line);
	g->successes = 0;
	g->bulk_ms = 0; /* probes are nobody's turn */
	/* Side by side with the one that began it. */
	if (g->failures > 0 && now < g->earliest)
		return;
	g->failed_ms = now;
	d = longest(++g->failures);
	least = d / 2;
	if (a->line != NULL && strncmp(a->line, "432 ", 4) == 0)
		least = least < CROWDED_S ? CROWDED_S : least;
	/* Instants are whole seconds. */
	g->earliest = now + (least - 1) * SECOND;
	g->latest = now + (d + 1) * SECOND;
}

static struct outage_user *
user_of(struct outage *g, uid_t uid)
{
	size_t i;

	for (i = 0; i < g->nusers; i++)
		if (g->users[i].uid == uid)
			return &g->users[i];
	assert_true(g->nusers < OUTAGE_SOURCES_MAX);
	g->users[g->nusers] = (struct outage_user){ .uid = uid };
	return &g->users[g->nusers++];
}

/* Between two of the bulk sender's, each of the others has had his turn. */
static void
is_fair(struct outage *g, const struct outage_letter *l)
{
	struct outage_user *u = user_of(g, l->uid);
	int64_t now = virtual_ms();
	size_t i;

	if (!l->is_given)
		u->waiting--;
	u->since_ms = now;
	if (l->uid != OUTAGE_UID)
		return;
	for (i = 0; i < g->nusers && g->failures == 0; i++) {
		u = &g->users[i];
		if (u->waiting > 0 && u->since_ms < g->bulk_ms)
			fail_msg("user %u waited for two turns of the bulk "
				 "sender",
			    (unsigned)u->uid);
	}
	g->bulk_ms = now;
}

static void
on_given(void *arg, uint32_t account, unsigned number)
{
	struct outage *g = arg;
	int64_t now = virtual_ms();
	struct outage_letter *l;
	unsigned i;

	assert_int_equal(account, 0);
	/* Each probe takes another message. */
	if (g->failures > 0) {
		if (number != 0)
			assert_int_not_equal(number, g->probed);
		g->probed = number;
	}
	if (number == 0)
		return;
	assert_true(number < g->nletters);
	if (!g->letters[number].is_alarm)
		is_fair(g, &g->letters[number]);
	g->letters[number].is_given = true;
	if (g->failures > 0 || g->letters[number].is_alarm)
		return;
	for (i = 1; i < g->nletters; i++) {
		l = &g->letters[i];
		if (l->is_alarm && !l->is_given && l->arrived_ms < now)
			fail_msg("message %u went before alarm %u", number, i);
	}
}

static void
on_delivered(void *arg, uint32_t account, unsigned number, unsigned rcpts)
{
	struct outage *g = arg;
	struct outage_letter *l = &g->letters[number];

	assert_int_equal(account, 0);
	assert_false(g->is_down);
	g->failures = 0;
	g->successes++;
	g->since_up++;
	if (g->first_ms == 0)
		g->first_ms = virtual_ms();
	if (number == 0) {
		g->others++;
		return;
	}
	assert_true(number < g->nletters && l->is_accepted);
	l->delivered += rcpts;
	assert_true(l->delivered <= l->rcpts);
	l->delivered_ms = virtual_ms();
}

/* ---- mail arrives ---- */

struct arrival {
	struct outage *g;
	struct admission *m;
	unsigned number;
};

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	struct arrival *a = arg;
	struct outage_user *u;

	(void)queue_id;
	if (why != NULL)
		fail_msg("message %u was refused: %s", a->number, why->text);
	a->g->letters[a->number].is_accepted = true;
	u = user_of(a->g, a->g->letters[a->number].uid);
	if (!a->g->letters[a->number].is_billing && u->waiting++ == 0)
		u->since_ms = virtual_ms();
	admission_drop(a->m);
	free(a);
}

static unsigned
add_letter(struct outage *g, const struct outage_source *s)
{
	if (g->nletters == g->room) {
		g->room = g->room == 0 ? 1024 : g->room * 2;
		g->letters =
		    xreallocarray(g->letters, g->room, sizeof(*g->letters));
	}
	/* An alarm of the other account's goes by the default one. */
	g->letters[g->nletters] = (struct outage_letter){ .uid = s->uid,
		.is_alarm = s->is_alarm,
		.is_billing = s->is_billing,
		.rcpts = s->rcpts == 0 ? 1 : s->rcpts,
		.arrived_ms = virtual_ms() };
	return g->nletters++;
}

/* As alarm.c writes one: beside admission. */
static void
post_alarm(struct outage *g, unsigned number)
{
	char *body = xasprintf(
	    "Subject: " COURIER_NUMBER "%u\r\n\r\nan alarm\r\n", number);

	office_post(&g->o, (struct office_mail){ .kind = KIND_ALARM,
			       .sender = "",
			       .to = { "it@contoso.com" },
			       .body = body,
			       .at = virtual_now() });
	free(body);
	g->letters[number].is_accepted = true;
	dispatch_kick(g->o.parts.dispatch, "");
}

static void
submit(struct outage *g, const struct outage_source *s, unsigned number)
{
	struct arrival *a = xcalloc(1, sizeof(*a));
	struct admission_caller caller = { s->uid, on_end, NULL, a, NULL };
	struct submit_head head = { .created_at = virtual_now() };
	struct envelope env;
	char *from, *text, to[64];
	unsigned i;

	a->g = g;
	a->number = number;
	memcpy(head.id, &number, sizeof(number));
	from = xasprintf("u%u@%s", (unsigned)s->uid,
	    s->is_billing ? "fabrikam.example" : "contoso.com");
	text = xasprintf("From: %s\r\nSubject: " COURIER_NUMBER
			 "%u\r\n\r\na line\r\n",
	    from, number);
	envelope_init(&env);
	env.sender = xstrdup(from);
	env.from = from;
	for (i = 0; i < g->letters[number].rcpts; i++) {
		snprintf(to, sizeof(to), "r%u@example.net", i);
		envelope_add(&env, to);
	}
	a->m = admission_new(g->o.parts.admit, &caller, &head, &env, &g->o.e);
	if (a->m == NULL ||
	    admission_data(a->m, text, strlen(text), &g->o.e) == -1 ||
	    admission_finish(a->m, strlen(text), &g->o.e) == -1)
		fail_msg("message %u: %s", number, g->o.e.text);
	free(text);
}

static void
arm(struct outage *g)
{
	int64_t next = INT64_MAX, left;
	struct timeval tv;
	size_t i;

	for (i = 0; i < g->nsources; i++)
		if (g->sources[i].next_ms < g->sources[i].until_ms &&
		    g->sources[i].next_ms < next)
			next = g->sources[i].next_ms;
	if (next == INT64_MAX)
		return;
	left = next - virtual_ms();
	if (left < 0)
		left = 0;
	tv = (struct timeval){ .tv_sec = (time_t)(left / 1000),
		.tv_usec = (suseconds_t)(left % 1000 * 1000) };
	assert_int_equal(event_add(g->due, &tv), 0);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct outage *g = arg;
	struct outage_source *s;
	unsigned number;

	(void)fd;
	(void)what;
	for (s = g->sources; s < g->sources + g->nsources; s++) {
		if (s->next_ms > virtual_ms() || s->next_ms >= s->until_ms)
			continue;
		s->next_ms += s->every_ms;
		number = add_letter(g, s);
		if (s->is_alarm)
			post_alarm(g, number);
		else
			submit(g, s, number);
	}
	arm(g);
}

void
outage_source(struct outage *g, struct outage_source s)
{
	assert_true(g->nsources < OUTAGE_SOURCES_MAX && s.every_ms > 0);
	s.next_ms = s.from_ms;
	g->sources[g->nsources++] = s;
	arm(g);
}

/* ---- life ---- */

/* As engine.c begins its work. */
static void
start(struct outage *g)
{
	struct parts *p = &g->o.parts;

	g->due = event_new(p->base, -1, 0, on_due, g);
	assert_non_null(g->due);
	g->upkeep = upkeep_new(p, 0);
	parts_try_at_once(p);
	dispatch_kick(p->dispatch, NULL);
	arm(g);
}

static void
stop(struct outage *g)
{
	couriers_end();
	upkeep_free(g->upkeep);
	event_free(g->due);
}

void
outage_begin(struct outage *g)
{
	const struct courier_calls calls = { on_begins, on_fails, on_given,
		on_delivered, g };

	memset(g, 0, sizeof(*g));
	dice = 1;
	virtual_begin(T0);
	exchange_init(&g->servers[0], 1);
	exchange_init(&g->servers[1], 2);
	g->servers[1].how = EXCHANGE_WRONG_SECRET;
	add_letter(g, &(struct outage_source){ 0 }); /* number 0 is none */
	office_open(&g->o, OPTIONS);
	couriers_begin(g->o.parts.base, g->servers, &calls);
	start(g);
}

void
outage_end(struct outage *g)
{
	stop(g);
	office_close(&g->o);
	exchange_clear(&g->servers[0]);
	exchange_clear(&g->servers[1]);
	free(g->letters);
}

void
outage_restart(struct outage *g)
{
	stop(g);
	office_reopen(&g->o);
	couriers_move(g->o.parts.base);
	g->successes = 0;
	/* A new one does not know: the round begins anew. */
	g->probed = 0;
	g->bulk_ms = 0;
	start(g);
}

void
outage_run(struct outage *g, int64_t until_ms)
{
	virtual_run(g->o.parts.base, until_ms);
}

void
outage_is(struct outage *g, enum exchange_how how)
{
	if (how != EXCHANGE_UP && !g->is_down)
		g->down_ms = virtual_ms();
	g->is_down = how != EXCHANGE_UP;
	g->up_ms = virtual_ms();
	g->servers[0].how = how;
	g->first_ms = 0;
	g->since_up = 0;
}

uint64_t
outage_waiting(struct outage *g)
{
	struct store_totals t;

	assert_int_equal(store_totals(g->o.parts.store, &t, &g->o.e), 0);
	return t.messages;
}

unsigned
outage_missing(const struct outage *g, int64_t before_ms)
{
	const struct outage_letter *l;
	unsigned n = 0;

	for (l = g->letters + 1; l < g->letters + g->nletters; l++)
		n += l->arrived_ms < before_ms && !l->is_billing &&
		     l->delivered < l->rcpts;
	return n;
}
