/* SPDX-License-Identifier: ISC */
/* The expiry calendar: when what ends, and when to tell. */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/conf_provider.h"
#include "queue/expiry.h"

#define DAY_S 86400

/* An idle refresh token of Entra's; each use begins another one. */
#define REFRESH_LIFE_S (90 * DAY_S)

/* Smaller moves of a date that moves each hour are not worth a write. */
#define MOVE_S DAY_S

/*
 * "End of December 2026" for tenants that are there; TechCommunity, "Exchange
 * Online to retire Basic auth for Client Submission (SMTP AUTH)", January 2026.
 */
#define PASSWORDS_END 1798761600 /* 2027-01-01T00:00:00Z */

static const int64_t stages[EXPIRY_OVER] = { 30 * DAY_S, 14 * DAY_S, 7 * DAY_S,
	DAY_S, 0 };

const char *
expiry_what_name(enum expiry_what what)
{
	static const char *const names[EXPIRY_WHATS] = {
		[EXPIRY_REFRESH] = "refresh_token",
		[EXPIRY_SECRET] = "client_secret",
		[EXPIRY_CERTIFICATE] = "certificate",
		[EXPIRY_PASSWORD] = "password_sign_in",
		[EXPIRY_LISTENER] = "listener_certificate",
	};

	return names[what];
}

const char *
expiry_source_name(enum expiry_source source)
{
	static const char *const names[EXPIRY_SOURCES] = {
		[EXPIRY_BY_CONF] = "configuration",
		[EXPIRY_BY_ERROR] = "endpoint",
		[EXPIRY_BY_CERTIFICATE] = "certificate",
		[EXPIRY_BY_USE] = "last_use",
		[EXPIRY_BY_NOTE] = "announcement",
	};

	return names[source];
}

unsigned
expiry_stage(int64_t at, int64_t now)
{
	unsigned stage = 0;

	while (stage < EXPIRY_OVER && now >= at - stages[stage])
		stage++;
	return stage;
}

int64_t
expiry_days(int64_t at, int64_t now)
{
	return at > now ? (at - now) / DAY_S : 0;
}

/* ---- what there is ---- */

/* "HOST" or "HOST:PORT" */
static bool
is_host(const char *given, const char *host)
{
	size_t n = host == NULL ? 0 : strlen(host);

	return n > 0 && strncasecmp(given, host, n) == 0 &&
	       (given[n] == '\0' || given[n] == ':');
}

/*
 * The service itself: what stands on a loopback address or on a relay decides
 * for itself what it takes, and High Volume Email has years left.
 */
static bool
signs_in_with_password(const struct conf_account *a)
{
	const struct conf_provider *p = conf_provider_get(a->provider);
	size_t i;

	if (a->auth != AUTH_LOGIN && a->auth != AUTH_PLAIN)
		return false;
	for (i = 0; i < a->hosts.n; i++)
		if (is_host(a->hosts.v[i], p->host) ||
		    is_host(a->hosts.v[i], p->legacy_host))
			return true;
	return false;
}

const char *
expiry_subject_name(const struct expiry_subject *s)
{
	return s->account != NULL ? s->account->name : s->listener->name;
}

bool
expiry_is_listeners(enum expiry_what what)
{
	return what == EXPIRY_LISTENER;
}

static bool
account_has(const struct conf_account *a, enum expiry_what what)
{
	bool asks = conf_asks_tokens(a);

	switch (what) {
	case EXPIRY_REFRESH:
		return asks && a->grant == GRANT_REFRESH_TOKEN;
	case EXPIRY_SECRET:
		return asks && a->client_secret_file != NULL &&
		       a->certificate_file == NULL;
	case EXPIRY_CERTIFICATE:
		return asks && a->certificate_file != NULL;
	case EXPIRY_PASSWORD:
		return signs_in_with_password(a);
	case EXPIRY_LISTENER:
	case EXPIRY_WHATS:
		break;
	}
	return false;
}

bool
expiry_applies(const struct expiry_subject *s, enum expiry_what what)
{
	if (s->account != NULL)
		return account_has(s->account, what);
	return what == EXPIRY_LISTENER && s->listener->tls != LISTEN_TLS_NONE;
}

/* A date that the configuration has checked; its first second, in UTC. */
static int64_t
day_of(const char *text)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (strptime(text, "%Y-%m-%d", &tm) == NULL)
		return 0;
	return timegm(&tm);
}

/* What the last answer says has ended. */
static bool
has_ended(const struct signin *s, enum expiry_what what)
{
	static const enum token_ended ended[EXPIRY_WHATS] = {
		[EXPIRY_REFRESH] = TOKEN_ENDED_REFRESH,
		[EXPIRY_SECRET] = TOKEN_ENDED_SECRET,
		[EXPIRY_CERTIFICATE] = TOKEN_ENDED_CERTIFICATE,
	};

	return s != NULL && s->failures > 0 &&
	       s->failed.ended != TOKEN_ENDED_NOTHING &&
	       s->failed.ended == ended[what];
}

static bool
set(struct expiry *x, int64_t at, enum expiry_source source)
{
	x->at = at;
	x->source = source;
	return at > 0;
}

static int64_t
certificate_until(const struct signin *s)
{
	if (s->failures > 0 && s->failed.cert_until > 0)
		return s->failed.cert_until;
	return s->has_token ? s->granted.cert_until : 0;
}

bool
expiry_find(
    const struct expiry_subject *s, enum expiry_what what, struct expiry *found)
{
	const struct signin *signin = s->signin;

	memset(found, 0, sizeof(*found));
	if (has_ended(signin, what) && what != EXPIRY_CERTIFICATE)
		return set(found, signin->failed_at, EXPIRY_BY_ERROR);
	switch (what) {
	case EXPIRY_REFRESH:
		return signin != NULL && signin->has_token &&
		       set(found, signin->granted.asked_at + REFRESH_LIFE_S,
			   EXPIRY_BY_USE);
	case EXPIRY_SECRET:
		return s->account->client_secret_expires != NULL &&
		       set(found, day_of(s->account->client_secret_expires),
			   EXPIRY_BY_CONF);
	case EXPIRY_CERTIFICATE:
		if (signin != NULL && certificate_until(signin) > 0)
			return set(found, certificate_until(signin),
			    EXPIRY_BY_CERTIFICATE);
		return has_ended(signin, what) &&
		       set(found, signin->failed_at, EXPIRY_BY_ERROR);
	case EXPIRY_PASSWORD:
		return set(found, PASSWORDS_END, EXPIRY_BY_NOTE);
	case EXPIRY_LISTENER:
		return s->cert_until > 0 &&
		       set(found, s->cert_until, EXPIRY_BY_CERTIFICATE);
	case EXPIRY_WHATS:
		break;
	}
	return false;
}

/* ---- what is told ---- */

/* It was said to have ended, and has been good for a token since. */
static bool
is_disproved(const struct expiry *x, const struct signin *signin)
{
	return x->source == EXPIRY_BY_ERROR && signin != NULL &&
	       signin->has_token && signin->granted.asked_at > x->at;
}

bool
expiry_update(
    struct expiry *x, const struct expiry *found, const struct signin *signin)
{
	if (found == NULL) {
		if (x->at == 0 || !is_disproved(x, signin))
			return false;
		memset(x, 0, sizeof(*x));
		return true;
	}
	if (x->at != 0 && x->source == found->source) {
		/* The first word of it is when it ended. */
		if (found->source == EXPIRY_BY_ERROR)
			return false;
		if (found->source == EXPIRY_BY_USE && x->warned == 0 &&
		    found->at >= x->at && found->at - x->at < MOVE_S)
			return false;
		if (found->at == x->at)
			return false;
	}
	/* An end that has come nearer is no other one. */
	if (found->at > x->at)
		x->warned = x->mailed = 0;
	x->at = found->at;
	x->source = found->source;
	return true;
}

bool
expiry_warn(struct expiry *x, int64_t now)
{
	unsigned stage = x->at == 0 ? 0 : expiry_stage(x->at, now);

	/* The clock was ahead: what it had told is told when its time comes. */
	if (stage < x->warned)
		x->warned = stage;
	if (x->mailed > x->warned)
		x->mailed = x->warned;
	if (stage == x->warned)
		return false;
	x->warned = stage;
	return true;
}

bool
expiry_mail(struct expiry *x)
{
	if (x->mailed == x->warned)
		return false;
	x->mailed = x->warned;
	return true;
}

bool
expiry_is_soon(const struct expiry *x, int64_t now)
{
	return x->at != 0 && x->source != EXPIRY_BY_NOTE &&
	       x->at - now <= EXPIRY_SOON_S;
}
