/* SPDX-License-Identifier: ISC */
/*
 * Access tokens and what ends, in the answer of "mailchute status": what
 * belongs to which account is told by its name.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/report.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define DAY_S  86400
#define TOKENS 1000 /* an account has one */
#define ENDS   5000 /* and a few of these */

int
report_take_token(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_token t;

	if (ctl_get_token(f, &t, e) == -1)
		return -1;
	if (r->ntokens == TOKENS) {
		ctl_token_clear(&t);
		return 0;
	}
	r->tokens =
	    xreallocarray(r->tokens, r->ntokens + 1, sizeof(*r->tokens));
	r->tokens[r->ntokens++] = t;
	return 0;
}

int
report_take_expiry(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_expiry x;

	if (ctl_get_expiry(f, &x, e) == -1)
		return -1;
	if (r->nexpiries == ENDS) {
		ctl_expiry_clear(&x);
		return 0;
	}
	r->expiries =
	    xreallocarray(r->expiries, r->nexpiries + 1, sizeof(*r->expiries));
	r->expiries[r->nexpiries++] = x;
	return 0;
}

void
report_clear_tokens(struct report *r)
{
	size_t i;

	for (i = 0; i < r->ntokens; i++)
		ctl_token_clear(&r->tokens[i]);
	free(r->tokens);
	for (i = 0; i < r->nexpiries; i++)
		ctl_expiry_clear(&r->expiries[i]);
	free(r->expiries);
}

static const struct ctl_token *
token_of(const struct report *r, const char *account)
{
	size_t i;

	for (i = 0; i < r->ntokens; i++)
		if (strcmp(r->tokens[i].account, account) == 0)
			return &r->tokens[i];
	return NULL;
}

/* ---- for people ---- */

static void
print_state(const struct report *r, const struct ctl_token *t, FILE *to)
{
	char until[TEXT_TIME], age[TEXT_SHORT], next[TEXT_SHORT];

	fprintf(to, "    %-8s%s; ", "token", t->grant);
	if (t->refreshed_at == 0) {
		fputs("none yet: it is got when mail is due\n", to);
		return;
	}
	text_local_time(t->until, until);
	text_age(r->now - t->refreshed_at, age);
	if (t->until == 0)
		fputs("none that is good", to);
	else
		fprintf(to, "good until %s", until);
	fprintf(to, "; got %s ago", age);
	if (t->next_at != 0) {
		text_next(t->next_at, r->now, next);
		fprintf(to, "; next %s", next);
	}
	fputc('\n', to);
}

static void
print_token(const struct report *r, const struct ctl_token *t, const char *said,
    FILE *to)
{
	char *text;

	print_state(r, t, to);
	if (t->text == NULL || (said != NULL && strcmp(t->text, said) == 0))
		return;
	text = xasprintf("no new token: %s", t->text);
	text_put_para(to, 4, "failed", text);
	text_put_para(to, 4, "do", t->fix);
	free(text);
}

void
report_print_tokens(
    const struct report *r, const char *account, const char *said, FILE *to)
{
	const struct ctl_token *t = token_of(r, account);
	size_t i;

	if (t != NULL)
		print_token(r, t, said, to);
	for (i = 0; i < r->nexpiries; i++) {
		const struct ctl_expiry *x = &r->expiries[i];

		if (strcmp(x->account, account) != 0 || x->text == NULL)
			continue;
		text_put_para(to, 4, "ends", x->text);
		if (x->is_soon)
			text_put_para(to, 4, "do", x->fix);
	}
}

/* ---- for programs ---- */

static json_t *
known(const char *text)
{
	return text == NULL || *text == '\0' ? json_null() : json_text(text);
}

static json_t *
json_token(const struct ctl_token *t)
{
	json_t *o;

	if (t == NULL)
		return json_null();
	o = json_object();
	json_object_set_new(o, "grant", json_text(t->grant));
	json_object_set_new(o, "until", json_time(t->until));
	json_object_set_new(o, "refreshed_at", json_time(t->refreshed_at));
	json_object_set_new(o, "next_at", json_time(t->next_at));
	json_object_set_new(
	    o, "failures", json_integer((json_int_t)t->failures));
	json_object_set_new(o, "text", known(t->text));
	json_object_set_new(o, "fix", known(t->fix));
	return o;
}

void
report_add_tokens(const struct report *r, const char *account, json_t *o)
{
	json_t *ends = json_array(), *one;
	size_t i;

	for (i = 0; i < r->nexpiries; i++) {
		const struct ctl_expiry *x = &r->expiries[i];

		if (strcmp(x->account, account) != 0)
			continue;
		one = json_object();
		json_object_set_new(one, "what", json_text(x->what));
		json_object_set_new(one, "at", json_time(x->at));
		json_object_set_new(one, "days",
		    json_integer(
			x->at > r->now ? (x->at - r->now) / DAY_S : 0));
		json_object_set_new(one, "source", json_text(x->source));
		json_object_set_new(one, "text", known(x->text));
		json_object_set_new(one, "fix", known(x->fix));
		json_array_append_new(ends, one);
	}
	json_object_set_new(o, "expires", ends);
	json_object_set_new(o, "token", json_token(token_of(r, account)));
}
