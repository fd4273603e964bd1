/* SPDX-License-Identifier: ISC */
/* The rules of asking for access tokens: arithmetic and words alone. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "queue/schedule.h"
#include "queue/signin.h"

/*
 * Exchange takes a token to its end; High Volume Email refuses those that are
 * near it (535 5.7.142), and asks for ten minutes.
 */
#define AHEAD_S     300
#define AHEAD_HVE_S 600

/* A sign-in takes its time, and no two clocks agree. */
#define LEAST_S 60

/*
 * Tokens that come sooner after another than this are too many: the first few
 * may be renewals of refused ones, what goes on is a loop (AADSTS50196).
 */
#define QUICK_S     120
#define QUICK_MAX   4
#define QUICK_GAP_S 64

/* A lasting failure beside sessions that still work. */
#define NEVER_AGAIN_S (15 * 60)

/* host may have a port behind it. */
static bool
is_host(const char *host, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(host, name, n) == 0 &&
	       (host[n] == '\0' || host[n] == ':');
}

/* By its name of today, or the one before. */
static bool
is_hve(const struct conf_account *a)
{
	size_t i;

	for (i = 0; i < a->hosts.n; i++)
		if (is_host(a->hosts.v[i], "smtp.hve.mx.microsoft") ||
		    is_host(a->hosts.v[i], "smtp-hve.office365.com"))
			return true;
	return false;
}

void
signin_init(struct signin *s, const struct conf_account *a)
{
	memset(s, 0, sizeof(*s));
	s->keeps = a->grant == GRANT_REFRESH_TOKEN;
	s->ahead_s = is_hve(a) ? AHEAD_HVE_S : AHEAD_S;
	s->min_s = a->backoff_min_s;
	s->max_s = a->backoff_max_s;
}

/* ---- the token ---- */

/* One that lives for minutes alone is used for most of them. */
static int64_t
share_of_life(const struct signin *s, int64_t most, int64_t part)
{
	int64_t share = (int64_t)s->granted.lifetime_s / part;

	return share < most ? share : most;
}

int64_t
signin_good_until(const struct signin *s)
{
	if (!s->has_token || s->is_refused)
		return 0;
	return s->granted.until - share_of_life(s, LEAST_S, 10);
}

bool
signin_is_good(const struct signin *s, int64_t now)
{
	return now < signin_good_until(s);
}

bool
signin_may_start(const struct signin *s, int64_t now)
{
	return signin_is_good(s, now) && (!s->is_asking || s->failures > 0);
}

int64_t
signin_ask_at(const struct signin *s, int64_t now, bool is_wanted)
{
	int64_t at = now;

	if (s->is_asking || (!is_wanted && !s->keeps))
		return SIGNIN_NEVER;
	if (s->has_token && !s->is_refused)
		at = s->granted.until - share_of_life(s, s->ahead_s, 2);
	if (at < s->next_at)
		at = s->next_at;
	return at < now ? now : at;
}

/* ---- the moves ---- */

/* An hour's token is good for an hour, whatever clock has dated it. */
static void
take(struct signin *s, const struct token_granted *g, int64_t now)
{
	int64_t most = now + (int64_t)g->lifetime_s;

	s->has_token = true;
	s->is_refused = false;
	s->granted = *g;
	s->granted.asked_at = schedule_past(g->asked_at, now);
	if (s->granted.until > most)
		s->granted.until = most;
}

void
signin_know(struct signin *s, const struct token_granted *g, int64_t now)
{
	take(s, g, now);
}

void
signin_asks(struct signin *s, int64_t now)
{
	s->is_asking = true;
	s->started_at = now;
}

void
signin_granted(struct signin *s, const struct token_granted *g, int64_t now)
{
	bool is_quick = s->has_token && now - s->granted.asked_at < QUICK_S;
	int64_t gap = 0;

	s->quick = is_quick ? s->quick + 1 : 0;
	if (s->quick > QUICK_MAX)
		gap = s->quick - QUICK_MAX > 6 ? QUICK_GAP_S
					       : 1 << (s->quick - QUICK_MAX);
	s->failures = 0;
	s->next_at = now + gap;
	take(s, g, now);
	/* By this clock, which may be set while another process asks. */
	if (s->is_asking) {
		s->granted.asked_at = s->started_at;
		s->granted.until = s->started_at + (int64_t)g->lifetime_s;
	}
	s->is_asking = false;
}

void
signin_failed(
    struct signin *s, const struct token_failed *x, int64_t now, uint32_t rnd)
{
	int64_t delay;

	s->is_asking = false;
	s->failures++;
	s->failed = *x;
	s->failed_at = now;
	if (x->class == TOKEN_NEVER && signin_is_good(s, now)) {
		s->next_at = signin_good_until(s);
		return;
	}
	delay = schedule_backoff(s->min_s, s->max_s, s->failures, rnd);
	if (x->class == TOKEN_NEVER && delay < NEVER_AGAIN_S)
		delay = NEVER_AGAIN_S;
	if (delay < (int64_t)x->wait_s)
		delay = (int64_t)x->wait_s;
	s->next_at = now + delay;
}

bool
signin_refused(struct signin *s)
{
	bool is_first = s->has_token && !s->has_renewed;

	s->is_refused = s->has_renewed = true;
	return is_first;
}

void
signin_taken(struct signin *s)
{
	s->has_renewed = false;
}

void
signin_allow(struct signin *s, int64_t now)
{
	if (s->failures > 0 && s->next_at > now)
		s->next_at = now;
}

static void
move(int64_t *at, int64_t by_s)
{
	if (*at > 0)
		*at = *at + by_s > 1 ? *at + by_s : 1;
}

void
signin_move_times(struct signin *s, int64_t by_s)
{
	move(&s->next_at, by_s);
	move(&s->failed_at, by_s);
	move(&s->started_at, by_s);
	move(&s->granted.asked_at, by_s);
	move(&s->granted.until, by_s);
}

/* ---- words ---- */

#define NO_TOKEN "Without an access token the account cannot sign in."
#define BY_ITSELF \
	"Nothing to do: it is tried again by itself. If it lasts, run " \
	"mailchute check"
#define SOMEBODY "Mend what the text names, then run mailchute retry ALL"

void
signin_tell(const struct signin *s, int64_t now, struct job_result *why)
{
	const struct token_failed *x = &s->failed;
	bool is_lasting = x->class == TOKEN_NEVER;

	memset(why, 0, sizeof(*why));
	why->outcome = is_lasting ? JOB_REJECTED : JOB_DEFERRED;
	why->scope = is_lasting ? JOB_SCOPE_ACCOUNT : JOB_SCOPE_CONNECTION;
	strlcpy(why->status, x->status, sizeof(why->status));
	if (why->status[0] == '\0')
		strlcpy(why->status, is_lasting ? "5.7.8" : "4.7.0",
		    sizeof(why->status));
	strlcpy(why->text, x->text, sizeof(why->text));
	strlcpy(why->phase, "token", sizeof(why->phase));
	strlcpy(why->meaning, x->meaning[0] == '\0' ? NO_TOKEN : x->meaning,
	    sizeof(why->meaning));
	strlcpy(why->fix,
	    x->fix[0] != '\0' ? x->fix
	    : is_lasting      ? SOMEBODY
			      : BY_ITSELF,
	    sizeof(why->fix));
	if (!is_lasting && s->next_at > now)
		why->wait_s = (uint64_t)(s->next_at - now);
	if (why->wait_s > JOB_WAIT_MAX_S)
		why->wait_s = JOB_WAIT_MAX_S;
}

/*
 * first, as a sentence, which a doubt is not by itself; and what stood there
 * after it, if that fits whole.
 */
static void
put_before(char *to, size_t size, const char *first)
{
	char rest[ERR_TEXT_MAX];
	size_t n;

	strlcpy(rest, to, sizeof(rest));
	n = strlcpy(to, first, size);
	if (to[0] >= 'a' && to[0] <= 'z')
		to[0] = (char)(to[0] - 'a' + 'A');
	if (n > 0 && n + 1 < size && to[n - 1] != '.')
		strlcat(to, ".", size);
	if (rest[0] != '\0' && strlen(to) + 1 + strlen(rest) < size) {
		strlcat(to, " ", size);
		strlcat(to, rest, size);
	}
}

void
signin_blame(const struct signin *s, struct job_result *why)
{
	if (!s->has_token || s->granted.doubt[0] == '\0')
		return;
	put_before(why->meaning, sizeof(why->meaning), s->granted.doubt);
	if (s->granted.fix[0] != '\0')
		put_before(why->fix, sizeof(why->fix), s->granted.fix);
}
