/* SPDX-License-Identifier: ISC */
/*
 * The health of an account.
 *
 *     ready --connection trouble--> backoff --again--> backoff (doubled)
 *       ^                              |
 *       +----- a message is judged ----+
 *       |                              |
 *     held <----- account trouble -----+   (from ready as well)
 *
 *   any -> backoff   account_failed     421, time-out, refused, TLS, ...; the
 *                                       third answer in a row that is lost;
 *                                       of all its hosts, when it has several
 *   any -> held      account_failed     535 and the like: the account's own
 *   any -> ready     account_succeeded  a message was taken
 *                    account_answered   one was refused or put off for itself
 *
 * In backoff and held nothing is tried before next_at; then one connection
 * carries one message (the pace was reset), and its outcome decides.  A verdict
 * about the message alone shows that connection and sign-in are well, and what
 * else may have held the account is seen with the next message; there is one
 * under way at a time until the server has taken one.  A fault of the account
 * never touches a message.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/verdict.h"
#include "queue/account.h"
#include "queue/denied.h"
#include "queue/legacy_store.h"

/*
 * Between two sign-ins that are refused: long enough for Entra's smart
 * lock-out (3 to 10 refusals) not to be fed, short enough that a mended
 * account goes on by itself the same day.
 */
#define HOLD_MIN_S (15 * 60)
#define HOLD_MAX_S (4 * 3600)

/* Lost answers in a row that are more than an accident; and doubtful ones. */
#define UNANSWERED_MAX 3
#define DOUBTS_MAX     3

const char *
account_shown_name(const struct conf_account *a)
{
	if (a->name[0] != '\0')
		return a->name;
	return a->user != NULL ? a->user : "default";
}

/* ---- since when mail has stood: a queue id, or STOOD_STILL ---- */

/* Until the account is proved, all that comes stands, too. */
#define STOOD_STILL UINT64_MAX
#define STOOD_NAME  "stood %s" /* of a fact */

static int
load_stood(struct account *a, struct store *s, struct err *e)
{
	char *name = xasprintf(STOOD_NAME, a->conf->name), *value;
	int found = store_fact_get(s, name, &value, e);

	if (a->known.state == ACCOUNT_HELD ||
	    (found == 1 && queue_id_parse(value, &a->stood_to) == -1))
		a->stood_to = STOOD_STILL;
	free(value);
	free(name);
	return found == -1 ? -1 : 0;
}

static int
save_stood(struct account *a, struct store *s, struct err *e)
{
	char *name, value[QUEUE_ID_TEXT] = "all";
	uint64_t to = a->stood_to;
	int rc;

	if (a->known.state == ACCOUNT_READY && to == STOOD_STILL)
		to = store_last_id(s);
	if (to == 0)
		return 0;
	if (to != STOOD_STILL)
		queue_id_format(to, value);
	name = xasprintf(STOOD_NAME, a->conf->name);
	rc = store_fact_put(s, name, value, e);
	free(name);
	a->stood_to = to;
	return rc;
}

bool
account_has_stood(const struct account *a, uint64_t message)
{
	return message <= a->stood_to;
}

/* An older mailchuted kept it by the account's name. */
static int
load_fewer(struct account *a, struct store *s, int64_t now, struct err *e)
{
	if (fewer_load(&a->fewer, s, a->budget_key, now, e) == -1)
		return -1;
	if (a->fewer.connections > 0)
		return 0;
	return fewer_load(&a->fewer, s, a->conf->name, now, e);
}

int
account_load(struct account *a, struct store *s, const struct conf *conf,
    uint32_t index, int64_t now, struct err *e)
{
	const struct conf_account *c = &conf->accounts[index];
	int found;

	memset(a, 0, sizeof(*a));
	a->conf = c;
	a->index = index;
	if ((found = store_account_get(s, c->name, &a->known, e)) == -1)
		return -1;
	if (found == 0) {
		a->known.name = xstrdup(c->name);
		a->known.state = ACCOUNT_READY;
		a->known.since = now;
	}
	hosts_init(&a->hosts, c->hosts.n);
	account_open_ledgers(a, &conf->queue);
	if (load_stood(a, s, e) == -1 || load_fewer(a, s, now, e) == -1 ||
	    legacy_load(&a->legacy, s, c->name, e) == -1)
		return -1;
	legacy_bound(&a->legacy, c->legacy, now);
	pace_reset(&a->pace, account_connections(a, now));
	return account_load_ledgers(a, s, now, e);
}

void
account_clear(struct account *a)
{
	store_account_clear(&a->known);
	budget_free(a->budget);
	shares_free(a->shares);
	free(a->budget_key);
	hosts_clear(&a->hosts);
	memset(a, 0, sizeof(*a));
}

int
account_save(struct account *a, struct store *s, struct err *e)
{
	if (store_account_put(s, &a->known, e) == -1 ||
	    fewer_save(&a->fewer, s, a->budget_key, e) == -1 ||
	    legacy_save(&a->legacy, s, a->conf->name, e) == -1)
		return -1;
	return save_stood(a, s, e);
}

bool
account_waits(const struct account *a, int64_t now)
{
	return a->known.state != ACCOUNT_READY && a->known.next_at > now;
}

int64_t
account_opens_at(struct account *a, int64_t now)
{
	return account_waits(a, now) ? a->known.next_at
				     : budget_next(a->budget, now, 1);
}

int64_t
account_longest_wait(const struct conf_account *c)
{
	int64_t most = DENIED_S;

	if (most < HOLD_MAX_S)
		most = HOLD_MAX_S;
	if (most < c->backoff_max_s)
		most = c->backoff_max_s;
	return most < JOB_WAIT_MAX_S ? JOB_WAIT_MAX_S : most;
}

static void
set_text(char **to, const char *text)
{
	free(*to);
	*to = text == NULL || *text == '\0' ? NULL : xstrdup(text);
}

/* The probe has shown that all is well. */
static bool
recover(struct account *a, int64_t now)
{
	struct store_account *k = &a->known;

	if (account_waits(a, now) ||
	    (k->state == ACCOUNT_READY && k->failures == 0))
		return false;
	if (k->state != ACCOUNT_READY)
		k->since = now;
	k->state = ACCOUNT_READY;
	k->failures = 0;
	k->next_at = 0;
	k->code = 0;
	k->status[0] = '\0';
	set_text(&k->text, NULL);
	set_text(&k->meaning, NULL);
	set_text(&k->fix, NULL);
	return true;
}

bool
account_succeeded(struct account *a, int64_t now)
{
	a->known.last_success_at = now;
	a->unanswered = 0;
	a->doubts = 0;
	if (!account_waits(a, now))
		pace_success(&a->pace);
	return recover(a, now);
}

bool
account_answered(struct account *a, int64_t now)
{
	return recover(a, now);
}

bool
account_signed_in(struct account *a, int64_t now)
{
	const struct store_account *k = &a->known;

	if (k->state != ACCOUNT_HELD || (k->code != 0 && k->code / 10 != 53))
		return false;
	return recover(a, now);
}

static int64_t
hold_delay(unsigned failures)
{
	int64_t delay = HOLD_MIN_S;

	while (failures-- > 1 && delay < HOLD_MAX_S)
		delay *= 2;
	return delay > HOLD_MAX_S ? HOLD_MAX_S : delay;
}

/* The longest wait after so many failures in a row, if nobody asks for more. */
static int64_t
own_delay(const struct store_account *k, const struct conf_account *c)
{
	if (k->state == ACCOUNT_HELD)
		return hold_delay(k->failures);
	return schedule_backoff(
	    c->backoff_min_s, c->backoff_max_s, k->failures, UINT32_MAX);
}

bool
account_bound(
    struct store_account *k, const struct conf_account *c, int64_t now)
{
	const int64_t since = k->since, next_at = k->next_at,
		      last = k->last_success_at;

	k->next_at = schedule_due(next_at, now,
	    since > now ? own_delay(k, c) : account_longest_wait(c));
	k->since = schedule_past(since, now);
	k->last_success_at = schedule_past(last, now);
	return k->since != since || k->next_at != next_at ||
	       k->last_success_at != last;
}

bool
account_failed(
    struct account *a, const struct job_result *why, int64_t now, uint32_t rnd)
{
	struct store_account *k = &a->known;
	enum account_state to =
	    why->scope == JOB_SCOPE_ACCOUNT ? ACCOUNT_HELD : ACCOUNT_BACKOFF;
	char said[ERR_TEXT_MAX] = "";
	int64_t delay;

	/*
	 * Connections that fail side by side are one failure; and while a hold
	 * lasts, one that breaks beside it is no reason to sign in any sooner.
	 */
	if (k->next_at > now && (k->state == to || k->state == ACCOUNT_HELD))
		return false;
	if (k->state != to) {
		k->since = now;
		/* A hold does not inherit the steps of a back-off. */
		k->failures = 0;
	}
	k->state = to;
	k->failures++;
	if (to == ACCOUNT_HELD) {
		a->stood_to = STOOD_STILL;
		delay = hold_delay(k->failures);
	} else
		delay = schedule_backoff(a->conf->backoff_min_s,
		    a->conf->backoff_max_s, k->failures, rnd);
	if ((uint64_t)delay < why->wait_s)
		delay = (int64_t)why->wait_s;
	k->next_at = now + delay;
	k->code = why->code;
	strlcpy(k->status, why->status, sizeof(k->status));
	/* The last of several hosts does not tell why the others failed. */
	if (to == ACCOUNT_BACKOFF && a->hosts.n > 1 &&
	    hosts_all_failing(&a->hosts))
		hosts_tell(&a->hosts, said);
	set_text(&k->text, said[0] == '\0' ? why->text : said);
	set_text(&k->meaning, why->meaning);
	set_text(&k->fix, why->fix);
	if (verdict_is(why, VERDICT_CROWDED))
		fewer_note(&a->fewer, a->conf->connections, now);
	pace_reset(&a->pace, account_connections(a, now));
	return true;
}

static struct hosts_failure
host_failure(const struct account *a, int64_t now, uint32_t rnd)
{
	struct hosts_failure f = { .now = now,
		.min_s = a->conf->backoff_min_s,
		.max_s = a->conf->backoff_max_s,
		.rnd = rnd,
		.text = "" };

	return f;
}

void
account_hosts_passed(
    struct account *a, const struct job_ready *r, int64_t now, uint32_t rnd)
{
	struct hosts_failure f = host_failure(a, now, rnd);
	size_t i, at, n = a->hosts.n;

	/* The text is of all of them: the first one tells it. */
	for (i = 0; i < r->passed && i < n; i++) {
		/* Where none was reached, host is the last that was tried. */
		at = (r->host + n + (r->passed >= n ? 1 : 0) - r->passed + i) %
		     n;
		f.text = i == 0 ? r->said : "";
		hosts_failed(&a->hosts, at, &f);
	}
}

bool
account_host_failed(struct account *a, const struct host_trouble *t,
    int64_t now, uint32_t rnd, bool *is_news)
{
	struct hosts_failure f = host_failure(a, now, rnd);
	char text[ERR_TEXT_MAX];

	*is_news = false;
	if (a->hosts.n < 2 || t->why->scope != JOB_SCOPE_CONNECTION)
		return false;
	strlcpy(text, t->session->relay, sizeof(text));
	strlcat(text, ": ", sizeof(text));
	strlcat(text, t->why->text, sizeof(text));
	f.text = text;
	f.wait_s = (int64_t)t->why->wait_s;
	*is_news = hosts_failed(&a->hosts, t->session->host, &f);
	if (hosts_all_failing(&a->hosts))
		return false;
	pace_reset(&a->pace, account_connections(a, now));
	return true;
}

bool
account_lost_answer(struct account *a)
{
	if (a->unanswered < UNANSWERED_MAX)
		a->unanswered++;
	return a->unanswered == UNANSWERED_MAX;
}

bool
account_doubted(struct account *a, bool is_doubtful)
{
	if (!is_doubtful)
		a->doubts = 0;
	else if (a->doubts < DOUBTS_MAX)
		a->doubts++;
	return a->doubts == DOUBTS_MAX;
}

/* In memory alone: whoever raises the limit need not know of it for long. */
void
account_refused_many(struct account *a, size_t nrcpts)
{
	if (a->rcpts_max == 0 || a->rcpts_max >= nrcpts)
		a->rcpts_max = nrcpts > 1 ? nrcpts / 2 : 1;
}

size_t
account_max_rcpts(const struct account *a)
{
	size_t most = a->conf->recipients_per_message;

	return a->rcpts_max > 0 && a->rcpts_max < most ? a->rcpts_max : most;
}

unsigned
account_connections(const struct account *a, int64_t now)
{
	return fewer_limit(&a->fewer, a->conf->connections, now);
}

bool
account_may_connect(struct account *a, size_t open, int64_t now)
{
	/* The hour may be over, or have begun, since the last reset. */
	pace_limit(&a->pace, account_connections(a, now));
	return pace_allows(&a->pace, (unsigned)open);
}

bool
account_allow_probe(struct account *a, int64_t now)
{
	if (a->known.state == ACCOUNT_READY || a->known.next_at <= now)
		return false;
	a->known.next_at = now;
	return true;
}

const char *
account_state(struct account *a, int64_t now)
{
	if (a->known.state != ACCOUNT_READY)
		return account_state_name(a->known.state);
	return budget_next(a->budget, now, 1) > now
		   ? "budget"
		   : account_state_name(ACCOUNT_READY);
}

static void
move(int64_t *at, int64_t by_s)
{
	if (*at > 0)
		*at = *at + by_s > 1 ? *at + by_s : 1;
}

void
account_move_times(struct account *a, int64_t by_s)
{
	move(&a->known.since, by_s);
	move(&a->known.next_at, by_s);
	move(&a->known.last_success_at, by_s);
	move(&a->tried_at, by_s);
	fewer_move_times(&a->fewer, by_s);
	budget_shift(a->budget, by_s);
	shares_shift(a->shares, by_s);
	hosts_move_times(&a->hosts, by_s);
	legacy_move_times(&a->legacy, by_s);
}
