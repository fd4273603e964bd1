/* SPDX-License-Identifier: ISC */
/*
 * The stages of a test message, told as they come: a line with the time for
 * people, one object a line for programs.  What says nothing new is left out.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/test.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "mail/verdict.h"

#define STAGE_WIDTH  10
#define DATE_LEN     11 /* "2026-11-24 ", which need not be told */
#define LINE_MAX_LEN 4096
#define INDENT       (10 + STAGE_WIDTH) /* behind time and stage */

void
test_stages_clear(struct test_stages *t)
{
	strlist_clear(&t->told);
	strlist_clear(&t->ended);
	free(t->last);
	free(t->fix);
}

void
test_tell_quiet(struct test_stages *t, const char *text)
{
	free(t->last);
	t->last = xstrdup(text);
}

/* A line, or all of the object, which is taken over. */
static void __attribute__((format(printf, 4, 5)))
tell(struct test_stages *t, const char *stage, json_t *o, const char *fmt, ...)
{
	char when[TEXT_TIME], line[LINE_MAX_LEN];
	int64_t now = clock_wall();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	free(t->last);
	t->last = xasprintf("%s %s", stage, line);
	if (t->is_quiet) {
		json_decref(o);
		return;
	}
	if (t->json) {
		json_object_set_new(o, "stage", json_text(stage));
		json_object_set_new(o, "at", json_time(now));
		json_put_line(stdout, o);
	} else {
		text_local_time(now, when);
		printf("%s  %-*s", when + DATE_LEN, STAGE_WIDTH, stage);
		text_put(stdout, line);
		putchar('\n');
		json_decref(o);
	}
	fflush(stdout); /* whoever waits sees it now */
}

static void
set(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_text(text));
}

static bool
is_empty(const char *s)
{
	return s == NULL || *s == '\0';
}

/* ---- before it is in the queue ---- */

void
test_tell_composed(void *stages, const struct test_mail *m)
{
	json_t *o = json_object();

	set(o, "recipient", m->to);
	set(o, "sender", m->sender);
	set(o, "message_id", m->message_id);
	json_object_set_new(o, "size", json_integer((json_int_t)m->octets));
	tell(stages, "submitted", o, "to %s, from %s, as %s", m->to, m->sender,
	    m->message_id);
}

void
test_tell_committed(struct test_stages *t, const char *id)
{
	json_t *o = json_object();

	set(o, "id", id);
	tell(t, "committed", o, "to the queue, as %s", id);
}

void
test_tell_dropped(struct test_stages *t, const char *folder, const char *why)
{
	json_t *o = json_object();

	set(o, "folder", folder);
	set(o, "text", why);
	tell(t, "dropped", o, "to %s, since %s", folder, why);
}

/* ---- on its way ---- */

static int
take_session(struct test_stages *t, const struct frame *f, struct err *e)
{
	struct ctl_session s;
	json_t *o;

	if (ctl_get_session(f, &s, e) == -1)
		return -1;
	o = json_object();
	set(o, "account", s.account);
	set(o, "relay", s.relay);
	set(o, "address", s.address);
	set(o, "tls", s.tls);
	set(o, "cipher", s.cipher);
	set(o, "user", s.user);
	tell(t, "connected", o, "to %s at %s, %s, %s%s",
	    s.relay == NULL ? "?" : s.relay,
	    s.address == NULL ? "?" : s.address,
	    s.tls == NULL ? "without TLS" : s.tls,
	    s.user == NULL ? "without a sign-in" : "signed in as ",
	    s.user == NULL ? "" : s.user);
	ctl_session_clear(&s);
	return 0;
}

/* "250 2.0.0 text"; to be freed. */
static char *
reply_of(uint64_t code, const char *status, const char *text)
{
	char number[24] = "";

	if (code > 0)
		snprintf(
		    number, sizeof(number), "%llu ", (unsigned long long)code);
	text = text == NULL ? "" : text;
	/* Many servers' words begin with the status. */
	if (is_empty(status) || strncmp(text, status, strlen(status)) == 0)
		return xasprintf("%s%s", number, text);
	return xasprintf("%s%s %s", number, status, text);
}

/* What is known of an end or a wait, whichever row told it. */
struct news {
	const char *stage, *address, *relay;
	uint64_t code;
	const char *status, *text, *meaning, *fix;
	int64_t next_at;
};

static json_t *
news_object(const struct news *n)
{
	json_t *o = json_object();

	set(o, "recipient", n->address);
	set(o, "relay", n->relay);
	json_object_set_new(o, "code",
	    n->code == 0 ? json_null() : json_integer((json_int_t)n->code));
	set(o, "status", is_empty(n->status) ? NULL : n->status);
	set(o, "text", is_empty(n->text) ? NULL : n->text);
	set(o, "meaning", is_empty(n->meaning) ? NULL : n->meaning);
	set(o, "fix", is_empty(n->fix) ? NULL : n->fix);
	json_object_set_new(o, "next_at", json_time(n->next_at));
	return o;
}

static void
tell_news(struct test_stages *t, const struct news *n)
{
	char *reply = reply_of(n->code, n->status, n->text);
	char next[TEXT_SHORT], when[TEXT_TIME];

	tell(t, n->stage, news_object(n), "%s%s%s: %s", n->address,
	    n->relay == NULL ? "" : " by ", n->relay == NULL ? "" : n->relay,
	    reply);
	free(reply);
	free(t->fix);
	t->fix = is_empty(n->fix) ? NULL : xstrdup(n->fix);
	if (t->json || t->is_quiet)
		return;
	text_put_para(stdout, INDENT, "means", n->meaning);
	text_put_para(stdout, INDENT, "do", n->fix);
	if (n->next_at > clock_wall()) {
		text_next(n->next_at, clock_wall(), next);
		text_local_time(n->next_at, when);
		printf("%*snext try %s (%s)\n", INDENT, "", next, when);
	}
	fflush(stdout);
}

/* It is sent now, or somebody will tell why not. */
static const char *
stage_of(const struct ctl_recipient *r)
{
	if (strcmp(r->state, "active") == 0 ||
	    (r->next_at == 0 && r->fix == NULL && r->meaning != NULL))
		return "sending";
	return "waiting";
}

static bool
is_ended(const char *state)
{
	return strcmp(state, "delivered") == 0 ||
	       strcmp(state, "failed") == 0 || strcmp(state, "expired") == 0 ||
	       strcmp(state, "removed") == 0;
}

static void
tell_ended(struct test_stages *t, struct news *n, bool is_accepted)
{
	if (strlist_has(&t->ended, n->address))
		return;
	strlist_add(&t->ended, n->address);
	if (is_accepted)
		t->naccepted++;
	else
		t->nrefused++;
	tell_news(t, n);
}

static void
tell_recipient(struct test_stages *t, const struct ctl_recipient *r)
{
	struct news n = { NULL, r->address, NULL, r->code, r->status, r->text,
		r->meaning, r->fix, r->next_at };
	bool is_accepted = strcmp(r->state, "delivered") == 0;
	char *key;

	if (is_ended(r->state)) {
		n.stage = is_accepted ? "accepted" : "refused";
		tell_ended(t, &n, is_accepted);
		return;
	}
	n.stage = stage_of(r);
	key = xasprintf("%s %s %llu %s %lld", n.stage, r->address,
	    (unsigned long long)r->code, r->text == NULL ? "" : r->text,
	    (long long)(r->next_at > clock_wall() ? r->next_at : 0));
	if (!strlist_has(&t->told, key)) {
		strlist_add(&t->told, key);
		tell_news(t, &n);
	}
	free(key);
}

static int
take_recipient(struct test_stages *t, const struct frame *f, struct err *e)
{
	struct ctl_recipient r;

	if (ctl_get_recipient(f, &r, e) == -1)
		return -1;
	tell_recipient(t, &r);
	ctl_recipient_clear(&r);
	return 0;
}

/* ---- its end ---- */

/* The journal keeps the server's words; the catalogue knows what they mean. */
static void
explain(const struct test_stages *t, const struct ctl_event *ev,
    struct job_result *r)
{
	const struct verdict_row *row;
	size_t i;

	memset(r, 0, sizeof(*r));
	row = verdict_find((unsigned)ev->code,
	    ev->status == NULL ? "" : ev->status,
	    ev->text == NULL ? "" : ev->text);
	if (row == NULL)
		return;
	strlcpy(r->meaning, row->meaning, sizeof(r->meaning));
	strlcpy(r->fix, row->fix, sizeof(r->fix));
	for (i = 0; i < t->conf->naccounts; i++)
		if (strcmp(text_account(t->conf->accounts[i].name),
			text_account(ev->account)) == 0)
			verdict_name(r, t->conf->accounts[i].user, NULL);
}

static void
tell_event(struct test_stages *t, const struct ctl_event *ev)
{
	bool is_accepted = strcmp(ev->what, "delivered") == 0;
	struct news n = { is_accepted ? "accepted" : "refused", ev->address,
		is_empty(ev->relay) ? NULL : ev->relay, ev->code, ev->status,
		ev->text, NULL, NULL, 0 };
	struct job_result r;

	if (!is_accepted) {
		explain(t, ev, &r);
		n.meaning = r.meaning;
		n.fix = r.fix;
	}
	if (strcmp(ev->what, "removed") == 0)
		n.stage = "removed";
	tell_ended(t, &n, is_accepted);
}

static int
take_event(struct test_stages *t, const struct frame *f, struct err *e)
{
	struct ctl_event ev;

	if (ctl_get_event(f, &ev, e) == -1)
		return -1;
	tell_event(t, &ev);
	ctl_event_clear(&ev);
	return 0;
}

int
test_tell_row(void *arg, const struct frame *f, struct err *e)
{
	switch (f->type) {
	case CTL_SESSION:
		return take_session(arg, f, e);
	case CTL_RECIPIENT:
		return take_recipient(arg, f, e);
	case CTL_EVENT:
		return take_event(arg, f, e);
	default:
		return 0;
	}
}

void
test_tell_end(
    struct test_stages *t, int status, const char *id, const char *text)
{
	json_t *o;

	if (!t->json || t->is_quiet)
		return;
	o = json_object();
	set(o, "id", id);
	json_object_set_new(o, "exit_status", json_integer(status));
	set(o, "text", text);
	tell(t, "end", o, "%s", "");
}
