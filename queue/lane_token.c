/* SPDX-License-Identifier: ISC */
/*
 * The access token of an account that gets its own: asked for when a connection
 * is to be made, ahead of its end, and once more when the server has refused
 * it (queue/signin.h has the rules).  What keeps the account from having one is
 * its trouble like any other: a back-off or a hold, in the same record, ended
 * by the same things.  No message spends an attempt on it.
 *
 * The trouble is the account's only when a connection is wanted and none is
 * there: sessions that are signed in do not need the token any more.  That it
 * was the token's is a fact, since then the token ends it, with no mail needed
 * to show that all is well.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/lane_priv.h"
#include "queue/signin.h"
#include "queue/times.h"
#include "queue/token_errand.h"

#define FACT_NAME    "token %s"
#define FACT_FAILED  "failed"
#define LOOK_AGAIN_S 60 /* the wall clock may have been set */
#define RUNS_S       1  /* until one whose asker was killed has ended */

struct lane_token {
	struct signin signin;
	struct token_errand *run; /* until its process has ended */
	struct event *timer;
	bool is_learned; /* what the parent has kept */
	bool is_kept;    /* looked after with no mail waiting, too */
	bool is_in_line; /* behind another of the same application */
	bool has_failed; /* that is what the account's trouble is */
	bool is_noted;   /* so says the fact */
	bool is_noting;
	bool is_over; /* the daemon ends: nothing more is asked */
};

/* ---- what the account's trouble is, on disk ---- */

static int
note_work(void *arg, struct err *e)
{
	struct lane *l = arg;
	struct lane_token *t = l->token;
	char *name = xasprintf(FACT_NAME, l->account.conf->name);
	int rc;

	t->is_noted = t->has_failed;
	rc = t->is_noted ? store_fact_put(l->parts.store, name, FACT_FAILED, e)
			 : store_fact_delete(l->parts.store, name, e);
	free(name);
	return rc;
}

/* One that is lost costs a wait for the next message, and no mail. */
static void
note_done(void *arg, const struct err *failed)
{
	struct lane *l = arg;

	l->token->is_noting = false;
	if (failed != NULL)
		log_event(LOG_WARNING, "account-not-saved", "account",
		    l->account.conf->name, "text", failed->text, NULL);
}

static void
set_failed(struct lane *l, bool has_failed)
{
	struct lane_token *t = l->token;

	t->has_failed = has_failed;
	if (t->has_failed == t->is_noted || t->is_noting)
		return;
	t->is_noting = true;
	batch_join_lasting(l->parts.batch, note_work, note_done, l);
}

static int
recall(struct lane *l, struct err *e)
{
	char *name = xasprintf(FACT_NAME, l->account.conf->name), *value;
	int found = store_fact_get(l->parts.store, name, &value, e);

	l->token->has_failed = l->token->is_noted = found == 1;
	free(value);
	free(name);
	return found == -1 ? -1 : 0;
}

/* ---- trouble ---- */

static bool
has_session(const struct lane *l)
{
	enum worker_state state;
	size_t i;

	for (i = 0; i < l->nworkers; i++) {
		state = worker_state(l->workers[i]);
		if (state == WORKER_IDLE || state == WORKER_BUSY)
			return true;
	}
	return false;
}

/*
 * The last failure keeps the account from what it is to do, with that message
 * or (0) with none.  One that waits for another reason stays as it is.
 */
static void
trouble(struct lane *l, uint64_t message, int64_t now)
{
	const struct job_ready none = { .host = 0 };
	struct signin *s = &l->token->signin;
	struct job_result why;

	signin_tell(s, now, &why);
	if (!account_waits(&l->account, now)) {
		if (message != 0)
			lane_failed_try(l, &none, &why);
		lane_account_trouble(l, &why, now);
		set_failed(l, true);
		/* Two clocks for one thing would not go together. */
		s->next_at = l->account.known.next_at;
	}
	lane_check_tell(l, &none, &why);
}

static void
log_failed(const struct lane *l, const struct token_failed *x, int64_t now)
{
	const struct signin *s = &l->token->signin;
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "token-failed");
	log_str(&b, "account", l->account.conf->name);
	log_num(&b, "failures", s->failures);
	log_num(&b, "next_s", s->next_at > now ? s->next_at - now : 0);
	if (signin_is_good(s, now))
		log_num(&b, "good_s", signin_good_until(s) - now);
	if (x->http != 0)
		log_num(&b, "http", x->http);
	log_str(&b, "status", x->status);
	log_str(&b, "phase", x->phase);
	log_str(&b, "text", x->text);
	log_str(&b, "fix", x->fix);
	log_end(&b, x->class == TOKEN_NEVER ? LOG_ERR : LOG_WARNING);
	buf_clear(&b);
}

static void
take_failure(struct lane *l, const struct token_failed *x)
{
	struct lane_token *t = l->token;
	int64_t now = times_now(l->parts.times);

	t->is_in_line = false;
	signin_failed(&t->signin, x, now, arc4random());
	log_failed(l, x, now);
}

void
lane_token_tell(struct lane *l, int64_t now)
{
	const struct signin *s = lane_token_signin(l);

	if (s != NULL && s->failures > 0 && s->failed.class == TOKEN_NEVER &&
	    s->next_at > now && !s->is_asking && !signin_is_good(s, now) &&
	    !has_session(l) && !account_waits(&l->account, now))
		trouble(l, 0, now);
}

/* ---- the answer ---- */

static void
log_granted(const struct lane *l, const struct token_granted *g)
{
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "token-granted");
	log_str(&b, "account", l->account.conf->name);
	log_num(&b, "lifetime_s", (int64_t)g->lifetime_s);
	if (g->is_rotated)
		log_num(&b, "rotated", 1);
	log_str(&b, "doubt", g->doubt);
	log_end(&b, g->doubt[0] == '\0' ? LOG_INFO : LOG_WARNING);
	buf_clear(&b);
}

static void
on_granted(void *arg, const struct token_granted *g)
{
	struct lane *l = arg;
	struct lane_token *t = l->token;
	int64_t now = times_now(l->parts.times);

	signin_granted(&t->signin, g, now);
	ask_granted(l->parts.ask, l->account.index, &t->signin.granted);
	log_granted(l, g);
	if (t->has_failed && account_answered(&l->account, now)) {
		lane_save(l);
		l->calls->trouble(l->arg, l->account.index, 0);
	}
	set_failed(l, false);
	lane_kick(l);
}

static void
on_failed(void *arg, const struct token_failed *x)
{
	struct lane *l = arg;

	take_failure(l, x);
	if (x->class == TOKEN_LATER)
		l->calls->put_off(l->arg, l, x);
	lane_kick(l);
}

static void
on_gone(void *arg)
{
	struct lane *l = arg;

	l->token->run = NULL;
	l->calls->asked(l->arg, l);
	lane_kick(l);
}

static const struct token_errand_calls run_calls = {
	.granted = on_granted,
	.failed = on_failed,
	.gone = on_gone,
};

/* ---- asking ---- */

/* Its vault has outlived this process's predecessor. */
static void
learn(struct lane *l)
{
	struct lane_token *t = l->token;
	struct token_granted g;
	struct err e;

	if (t->is_learned)
		return;
	t->is_learned = true;
	if (ask_known(l->parts.ask, l->account.index, &g, &e) == 0)
		signin_know(&t->signin, &g, times_now(l->parts.times));
}

static void
start(struct lane *l)
{
	const struct token_errand_parts parts = { l->parts.base, l->parts.ask,
		l->parts.conf };
	struct lane_token *t = l->token;
	struct token_failed x;
	struct err e;

	if (t->run != NULL || t->is_over)
		return;
	t->is_in_line = !l->calls->may_ask(l->arg, l);
	if (t->is_in_line)
		return;
	t->run =
	    token_errand_start(&parts, l->account.index, &run_calls, l, &e);
	if (t->run != NULL) {
		signin_asks(&t->signin, times_now(l->parts.times));
		return;
	}
	if (strcmp(e.status, ASK_TOKEN_RUNS) == 0) {
		t->signin.next_at = times_now(l->parts.times) + RUNS_S;
		return;
	}
	token_errand_no(&x, &e);
	take_failure(l, &x);
}

bool
lane_token_may_start(struct lane *l, int64_t now, int64_t *at)
{
	struct lane_token *t = l->token;
	struct signin *s;

	if (t == NULL)
		return true;
	s = &t->signin;
	learn(l);
	if (signin_ask_at(s, now, true) <= now)
		start(l);
	if (signin_may_start(s, now))
		return true;
	if (!s->is_asking && s->failures > 0 && s->next_at > now &&
	    !has_session(l))
		trouble(l, l->started_for, now);
	*at = s->next_at > now ? s->next_at : 0;
	return false;
}

/* By itself, with no connection wanted. */
static int64_t
ask_at(const struct lane *l, int64_t now)
{
	const struct lane_token *t = l->token;
	int64_t at = signin_ask_at(&t->signin, now, t->has_failed);

	if (account_waits(&l->account, now) && at < l->account.known.next_at)
		at = l->account.known.next_at;
	return at;
}

void
lane_token_look(struct lane *l, int64_t now)
{
	struct lane_token *t = l->token;
	struct timeval tv = { .tv_sec = LOOK_AGAIN_S };
	int64_t at;

	if (t == NULL || !t->is_kept || t->is_over)
		return;
	learn(l);
	if (ask_at(l, now) <= now)
		start(l);
	at = ask_at(l, now);
	if (at == SIGNIN_NEVER || t->run != NULL || t->is_in_line) {
		event_del(t->timer);
		return;
	}
	if (at - now < tv.tv_sec)
		tv.tv_sec = at > now ? (time_t)(at - now) : 1;
	event_add(t->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	lane_kick(arg);
}

/* ---- what the server makes of it ---- */

bool
lane_token_refused(struct lane *l, struct job_result *why)
{
	struct lane_token *t = l->token;

	if (t == NULL || why->code != 535)
		return false;
	if (signin_refused(&t->signin)) {
		log_event(LOG_WARNING, "token-refused", "account",
		    l->account.conf->name, "status", why->status, "text",
		    why->text, NULL);
		return true;
	}
	signin_blame(&t->signin, why);
	return false;
}

void
lane_token_taken(struct lane *l)
{
	if (l->token != NULL)
		signin_taken(&l->token->signin);
}

/* ---- the outside ---- */

void
lane_token_allow(struct lane *l, int64_t now)
{
	if (l->token != NULL)
		signin_allow(&l->token->signin, now);
}

void
lane_token_keep(struct lane *l)
{
	if (l->token == NULL)
		return;
	l->token->is_kept = true;
	lane_token_look(l, times_now(l->parts.times));
}

/* What is under way may end: its answer serves the next process. */
void
lane_token_end(struct lane *l)
{
	if (l->token != NULL)
		l->token->is_over = true;
}

bool
lane_token_is_asking(const struct lane *l)
{
	return l->token != NULL && l->token->run != NULL;
}

bool
lane_token_is_in_line(const struct lane *l)
{
	return l->token != NULL && l->token->is_in_line;
}

void
lane_token_hear(struct lane *l, const struct token_failed *x)
{
	take_failure(l, x);
	lane_kick(l);
}

const struct signin *
lane_token_signin(const struct lane *l)
{
	return l->token == NULL ? NULL : &l->token->signin;
}

void
lane_token_move_times(struct lane *l, int64_t by_s)
{
	struct lane_token *t = l->token;

	if (t == NULL)
		return;
	signin_move_times(&t->signin, by_s);
	if (t->signin.has_token)
		ask_granted(l->parts.ask, l->account.index, &t->signin.granted);
}

int
lane_token_new(struct lane *l, struct err *e)
{
	if (!conf_asks_tokens(l->account.conf))
		return 0;
	l->token = xcalloc(1, sizeof(*l->token));
	signin_init(&l->token->signin, l->account.conf);
	l->token->timer = event_new(l->parts.base, -1, 0, on_timer, l);
	if (l->token->timer == NULL)
		fatalx(EX_OSERR, "libevent: no event for a token");
	return recall(l, e);
}

void
lane_token_free(struct lane *l)
{
	if (l->token == NULL)
		return;
	token_errand_free(l->token->run);
	event_free(l->token->timer);
	free(l->token);
}
