/* SPDX-License-Identifier: ISC */
/*
 * Guests that sign in.  The password goes from smtpd to a checker; what comes
 * here is whether it was right, and whose: from then on the parent says by
 * itself whose messages these are.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proto_listen.h"
#include "common/secret_rule.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"

#define TOLD_MS (60 * 1000) /* the same trouble is told as often */

/* See LISTEN_YES and the others (common/proto_listen.h). */
static const char words_right[] = "Y";
static const char words_wrong[] = "N";
static const char words_shut_out[] = "L too many wrong passwords; try later";
static const char words_unable[] = "L sign-in fails here; try later";
static const char words_changed[] =
    "L the configuration has changed; connect anew";

/* The end of it, whichever way. */
static void
answer(struct guest *one, const char *words)
{
	one->sign_in.state = SIGN_IN_NOTHING;
	guests_answer(one, -1, words);
}

/* Guessing is slow, for the one who guesses alone. */
static void
refuse(struct guests *g, struct guest *one, const char *words, int64_t now_ms)
{
	one->sign_in.state = SIGN_IN_REFUSED;
	one->sign_in.words = words;
	one->sign_in.at = now_ms + guesses_delay(g->guesses, now_ms);
}

/* What strangers can make happen as often as they like is told once a while. */
static void
tell_trouble(struct guests *g, const char *listener, const char *file,
    unsigned line, const char *why, int64_t now_ms)
{
	char number[16] = "";
	struct err e;

	err_set(&e, ERR_LOCAL, "4.3.5", "%s:%u: %s", file, line, why);
	if (strcmp(e.text, g->told.text) == 0 && now_ms - g->told_at < TOLD_MS)
		return;
	g->told = e;
	g->told_at = now_ms;
	if (line != 0)
		snprintf(number, sizeof(number), "%u", line);
	log_event(LOG_ERR, "users-file", "listener", listener, "file", file,
	    "line", line == 0 ? NULL : number, "text", why, NULL);
}

static void
fail(struct guests *g, struct guest *one, unsigned line, const char *why,
    int64_t now_ms)
{
	char *path;

	if (one->conf != NULL && one->conf->users_file != NULL) {
		path = secret_path(g->conf, one->conf->users_file);
		tell_trouble(g, one->conf->name, path, line, why, now_ms);
		free(path);
	}
	answer(one, words_unable);
}

/* ---- starting ---- */

/* smtpd gets the way to a checker, and sends the password there. */
static void
start(struct guests *g, struct guest *one, int64_t now_ms)
{
	const struct check_for who = { one->pid, one->client };
	struct err e;
	int fd;

	if (one->conf == NULL || one->channel == -1) {
		answer(one, words_unable);
		return;
	}
	if (guesses_left(g->guesses, &one->client, now_ms) == 0) {
		refuse(g, one, words_shut_out, now_ms);
		return;
	}
	if (checkers_start(g->checkers, g->conf, one->conf, &who, &fd, &e) ==
	    -1) {
		fail(g, one, 0, e.text, now_ms);
		return;
	}
	one->sign_in.state = SIGN_IN_CHECKED;
	guests_answer(one, fd, "");
	close(fd);
}

/*
 * It has so many guesses, and what is being compared may be all of them: who
 * opens many connections has no more by that.
 */
static bool
has_to_wait(const struct guests *g, const struct guest *one, int64_t now_ms)
{
	size_t left = guesses_left(g->guesses, &one->client, now_ms);

	return left > 0 && checkers_of(g->checkers, &one->client) >= left;
}

/* The one that has waited for longest, or NULL. */
static struct guest *
first_waiting(struct guests *g, int64_t now_ms)
{
	struct guest *first = NULL, *one;
	size_t i;

	for (i = 0; i < g->n; i++) {
		one = &g->v[i];
		if (one->sign_in.state == SIGN_IN_WAITS &&
		    (first == NULL || one->sign_in.at < first->sign_in.at) &&
		    !has_to_wait(g, one, now_ms))
			first = one;
	}
	return first;
}

void
guests_auth_ask(struct guests *g, struct guest *one, int64_t now_ms)
{
	struct sign_in *s = &one->sign_in;

	/* smtpd asks when it may, and waits for the answer. */
	if (s->state != SIGN_IN_NOTHING || s->login != NULL ||
	    one->is_without_auth) {
		guests_condemn(g, one, "asks to sign in when none does");
		return;
	}
	if (one->conf != NULL && one->conf->auth == LISTEN_AUTH_OFF) {
		answer(one, words_changed);
		return;
	}
	s->state = SIGN_IN_WAITS;
	s->at = now_ms;
	guests_auth_tick(g, now_ms);
}

/* ---- outcomes ---- */

static void
welcome(struct guest *one, struct check_outcome *o)
{
	one->sign_in.login = o->login;
	one->sign_in.senders = o->senders;
	o->login = o->senders = NULL;
	log_event(LOG_INFO, "signed-in", "listener",
	    one->conf == NULL ? NULL : one->conf->name, "client", one->text,
	    "login", one->sign_in.login, NULL);
	answer(one, words_right);
}

/* A login that nobody has may be a password, in the wrong field. */
static void
tell_wrong(const struct guest *one, const struct check_outcome *o, bool is_last)
{
	const char *listener = one->conf == NULL ? NULL : one->conf->name;

	log_event(LOG_NOTICE, "sign-in-refused", "listener", listener, "client",
	    one->text, "login", o->login, "text",
	    o->login == NULL ? "no such login" : "wrong password", NULL);
	if (is_last)
		log_event(LOG_WARNING, "sign-in-blocked", "listener", listener,
		    "client", one->text, "text",
		    "too many wrong passwords within ten minutes; what it "
		    "tries until they are older is not looked at",
		    NULL);
}

/* It counts, though the client may have gone before it heard of it. */
static void
take_outcome(struct guests *g, const struct check_for *who,
    struct check_outcome *o, int64_t now_ms)
{
	struct guest *one = guests_find(g, who->asker);
	bool is_last = false;

	if (o->result == CHECK_WRONG)
		is_last = guesses_note(g->guesses, &who->client, now_ms);
	if (one == NULL || one->sign_in.state != SIGN_IN_CHECKED)
		return;
	switch (o->result) {
	case CHECK_RIGHT:
		welcome(one, o);
		break;
	case CHECK_WRONG:
		tell_wrong(one, o, is_last);
		refuse(g, one, words_wrong, now_ms);
		break;
	case CHECK_UNABLE:
		fail(g, one, o->line,
		    o->why == NULL ? "smtpd -a has ended without an answer"
				   : o->why,
		    now_ms);
		break;
	}
}

void
guests_auth_serve(struct guests *g, const struct pollfd *fds, int64_t now_ms)
{
	struct check_for who;
	struct check_outcome o;
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++) {
		if (fds[i].revents == 0 ||
		    !checkers_hear(g->checkers, i, &who, &o))
			continue;
		take_outcome(g, &who, &o, now_ms);
		check_outcome_clear(&o);
	}
}

/* ---- the parent's loop ---- */

void
guests_auth_tick(struct guests *g, int64_t now_ms)
{
	struct guest *one;
	size_t i;

	checkers_kill_overdue(g->checkers, now_ms);
	for (i = 0; i < g->n; i++) {
		one = &g->v[i];
		if (one->sign_in.state == SIGN_IN_REFUSED &&
		    now_ms >= one->sign_in.at)
			answer(one, one->sign_in.words);
	}
	while (!checkers_are_full(g->checkers) &&
	       (one = first_waiting(g, now_ms)) != NULL)
		start(g, one, now_ms);
}

int64_t
guests_auth_deadline(const struct guests *g)
{
	int64_t at = checkers_deadline(g->checkers);
	size_t i;

	for (i = 0; i < g->n; i++)
		if (g->v[i].sign_in.state == SIGN_IN_REFUSED &&
		    g->v[i].sign_in.at < at)
			at = g->v[i].sign_in.at;
	return at;
}

void
guests_auth_void(struct guest *one)
{
	const struct sign_in *s = &one->sign_in;

	one->sign_in.is_void =
	    s->is_void || s->login != NULL || s->state == SIGN_IN_CHECKED;
}

enum guest_record
guests_record(
    const struct guests *g, const struct sockaddr *from, int64_t now_ms)
{
	struct network client = gate_client(from);
	size_t left = guesses_left(g->guesses, &client, now_ms);

	if (left == 0)
		return GUEST_SHUT_OUT;
	return left < GUESSES_MAX ? GUEST_GUESSER : GUEST_FINE;
}

const char *
guests_auth_check(const struct guest *one)
{
	const struct sign_in *s = &one->sign_in;

	if (s->is_void)
		return "the configuration has changed; connect anew";
	if (one->conf->auth == LISTEN_AUTH_REQUIRED && s->login == NULL)
		return "sign in first";
	return NULL;
}

void
guests_auth_forget(struct guests *g, struct guest *one)
{
	checkers_forget(g->checkers, one->pid);
	free(one->sign_in.login);
	free(one->sign_in.senders);
	memset(&one->sign_in, 0, sizeof(one->sign_in));
}
