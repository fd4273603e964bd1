/* SPDX-License-Identifier: ISC */
/*
 * By which endpoint an account's mail goes: what sessions and their failures
 * say, put as events to queue/legacy.h, and what follows.
 */
#include "config.h"

#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "mail/verdict.h"
#include "queue/lane_priv.h"
#include "queue/legacy_hint.h"
#include "queue/proved.h"
#include "queue/times.h"

#define LEVEL_GOOD 12 /* TLS 1.2 */

bool
lane_is_away(const struct lane *l, int64_t now)
{
	return legacy_is_away(&l->account.legacy, l->account.conf->legacy, now);
}

/* ---- what follows ---- */

static void
log_began(const struct lane *l, const char *why)
{
	const struct legacy *g = &l->account.legacy;
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "legacy-began");
	log_str(&b, "account", l->account.conf->name);
	log_str(&b, "host", l->account.conf->legacy_host);
	log_num(&b, "for_s", g->for_s);
	log_str(&b, "reason", why);
	log_end(&b, LOG_WARNING);
	buf_clear(&b);
}

static void
log_ended(const struct lane *l, const char *why)
{
	log_event(LOG_NOTICE, "legacy-ended", "account", l->account.conf->name,
	    "reason", why, NULL);
}

/* Another endpoint is met as a new one: one connection with one message. */
static void
turn(struct lane *l)
{
	pace_reset(&l->account.pace,
	    account_connections(&l->account, times_now(l->parts.times)));
	lane_quit_elsewhere(l);
	lane_save(l);
}

void
lane_legacy_look(struct lane *l, int64_t now)
{
	if (legacy_expire(&l->account.legacy, now)) {
		log_ended(l, "its time is over");
		turn(l);
	}
	lane_quit_elsewhere(l);
}

void
lane_set_legacy(struct lane *l, int64_t for_s)
{
	const struct legacy_facts f = { .mode = l->account.conf->legacy,
		.now = times_now(l->parts.times),
		.for_s = for_s };
	enum legacy_event ev = for_s > 0 ? LEGACY_ON : LEGACY_OFF_ASKED;

	switch (legacy_note(&l->account.legacy, &f, ev)) {
	case LEGACY_GOES:
		log_began(l, "an administrator asked for it");
		break;
	case LEGACY_RETURNS:
		log_ended(l, "an administrator asked for it");
		break;
	case LEGACY_STAYS:
	case LEGACY_REFUSED:
		return;
	}
	/* It is tried at once, but a hold has its own end. */
	if (l->account.known.state == ACCOUNT_BACKOFF)
		(void)account_allow_probe(&l->account, f.now);
	turn(l);
}

/* ---- what is heard ---- */

static const char *
default_host(const struct lane *l, const struct job_ready *session)
{
	const struct strlist *hosts = &l->account.conf->hosts;

	return session->host < hosts->n ? hosts->v[session->host] : NULL;
}

static bool
is_proved(const struct lane *l)
{
	const struct strlist *hosts = &l->account.conf->hosts;
	size_t i;

	for (i = 0; i < hosts->n; i++)
		if (proved_has(l->parts.proved, hosts->v[i]))
			return true;
	return false;
}

static void
note_old_session(struct lane *l, const struct job_ready *session)
{
	struct buf b;

	l->account.legacy.sessions++;
	lane_save(l);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "old-tls");
	log_str(&b, "account", l->account.conf->name);
	log_str(&b, "relay", session->relay);
	log_str(&b, "tls", session->tls);
	log_str(&b, "cipher", session->cipher);
	log_num(&b, "sessions", (int64_t)l->account.legacy.sessions);
	log_end(&b, LOG_WARNING);
	buf_clear(&b);
}

void
lane_legacy_met(struct lane *l, const struct job_ready *session)
{
	const char *host = default_host(l, session);

	if (session->tls_level == 0)
		return;
	if (session->tls_level < LEVEL_GOOD)
		note_old_session(l, session);
	else if (!session->is_legacy && host != NULL)
		(void)proved_note(
		    l->parts.proved, l->parts.batch, host, session->tls);
}

static bool
says_old(const struct job_result *why)
{
	return why->code == 421 && strcmp(why->status, "4.7.66") == 0;
}

static enum legacy_event
event_of(const struct job_ready *session, const struct job_result *why)
{
	if (session->is_legacy)
		return verdict_is(why, VERDICT_NOT_OPTED) ? LEGACY_NOT_OPTED
							  : LEGACY_NOTHING;
	if (session->tls_level >= LEVEL_GOOD && says_old(why))
		return LEGACY_SAID_OLD;
	return session->is_tls_old ? LEGACY_SHOWED_OLD : LEGACY_FAILED;
}

/* Failures side by side, and the two words of one, are one try. */
static bool
is_another(const struct lane *l, const struct job_ready *session, int64_t now)
{
	return !account_waits(&l->account, now) &&
	       (session->is_legacy || l->account.hosts.n < 2 ||
		   !hosts_waits(&l->account.hosts, session->host, now));
}

static void
follow(struct lane *l, enum legacy_move move, const struct job_result *why)
{
	switch (move) {
	case LEGACY_STAYS:
		break;
	case LEGACY_GOES:
		log_began(l, why->text);
		turn(l);
		break;
	case LEGACY_RETURNS:
		log_ended(l, why->text);
		turn(l);
		break;
	case LEGACY_REFUSED:
		log_event(LOG_WARNING, "legacy-refused", "account",
		    l->account.conf->name, "text", why->text, NULL);
		break;
	}
}

void
lane_legacy_heard(
    struct lane *l, const struct job_ready *session, struct job_result *why)
{
	const struct legacy_facts f = { .mode = l->account.conf->legacy,
		.is_proved = is_proved(l),
		.now = times_now(l->parts.times) };
	enum legacy_event ev = event_of(session, why);
	enum legacy_move move;
	char hint[LEGACY_HINT_MAX];

	if (ev != LEGACY_NOT_OPTED && !is_another(l, session, f.now))
		return;
	move = legacy_note(&l->account.legacy, &f, ev);
	/* What moves nothing may be said in clear, too. */
	if (f.mode == LEGACY_OFF && says_old(why))
		ev = LEGACY_SAID_OLD;
	if (legacy_hint(l->account.conf, ev, move, hint))
		strlcpy(why->fix, hint, sizeof(why->fix));
	follow(l, move, why);
}

static void
note(struct lane *l, enum legacy_event ev)
{
	const struct legacy_facts f = { .mode = l->account.conf->legacy };

	(void)legacy_note(&l->account.legacy, &f, ev);
}

void
lane_legacy_failed(struct lane *l)
{
	note(l, LEGACY_FAILED);
}

void
lane_well(struct lane *l, const struct job_ready *session)
{
	if (session->is_legacy)
		return;
	hosts_succeeded(&l->account.hosts, session->host);
	note(l, LEGACY_WENT_WELL);
}
