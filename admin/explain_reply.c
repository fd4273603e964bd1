/* SPDX-License-Identifier: ISC */
/*
 * "mailchute explain-reply": what a server's reply means and what mailchute
 * does about it, by the same catalogue that deliver judges by.  Nobody is
 * asked, and nothing is needed: neither mailchuted nor a configuration.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "admin/explain_token.h"
#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "mail/reply.h"
#include "mail/verdict.h"

#define LABEL "  %-8s"

/* The phases in which a server replies, as a session has them. */
static const enum phase phases[] = { PHASE_GREETING, PHASE_EHLO, PHASE_STARTTLS,
	PHASE_AUTH, PHASE_MAIL, PHASE_RCPT, PHASE_DATA, PHASE_FINAL };
#define PHASES (sizeof(phases) / sizeof(phases[0]))

/* What holds in some phases alike. */
struct sense {
	bool in[PHASES];
	struct job_result result;
	const struct verdict_row *row; /* NULL: judged by its first digit */
};

/* ---- the reply, as it was typed ---- */

/* All words, with a blank between. */
static int
join_words(const struct strlist *words, struct buf *b, struct err *e)
{
	size_t i;

	for (i = 0; i < words->n; i++)
		if ((i > 0 && buf_putc(b, ' ') == -1) ||
		    buf_puts(b, words->v[i]) == -1)
			return err_set(
			    e, ERR_PERM, "5.5.2", "the reply is too long");
	return 0;
}

/* The text as one line or several, as they stand in a log or a mail. */
static int
read_reply(const char *text, struct reply *r, struct err *e)
{
	const char *line;
	int got = 0;
	size_t n;

	for (line = text; *line != '\0' && got == 0; line += n) {
		n = strcspn(line, "\r\n");
		got = reply_parse_line(r, line, n, e);
		n += strspn(line + n, "\r\n");
	}
	if (got == 1 && reply_class(r) >= 4)
		return 0;
	return err_set(e, ERR_PERM, "5.5.2",
	    "\"%.60s\" is no refusal: one begins with three digits, of which "
	    "the first is 4 or 5, or names a number such as AADSTS7000222",
	    text);
}

/* ---- what it means ---- */

static bool
is_same(const struct job_result *a, const struct job_result *b)
{
	return a->outcome == b->outcome && a->scope == b->scope &&
	       a->wait_s == b->wait_s && strcmp(a->meaning, b->meaning) == 0 &&
	       strcmp(a->fix, b->fix) == 0;
}

/* Where nobody has seen it, it only takes up room. */
static bool
is_strange(enum phase at, const struct verdict_row *row)
{
	return at == PHASE_STARTTLS && row != NULL &&
	       row->class != VERDICT_CONNECTION;
}

/*
 * What it means in each phase, or in that one.  Where a row speaks of mail, the
 * phases without a message are left out.
 */
static size_t
find_senses(const struct reply *r, const enum phase *only, const struct conf *c,
    struct sense out[PHASES])
{
	const struct verdict_row *row, *last;
	struct job_result result;
	size_t i, k, n = 0;

	last = verdict_reply(PHASE_FINAL, r, &result);
	for (i = 0; i < PHASES; i++) {
		if (only != NULL && *only != phases[i])
			continue;
		row = verdict_reply(phases[i], r, &result);
		if (only == NULL && ((last != NULL && row != last) ||
					is_strange(phases[i], row)))
			continue;
		if (c != NULL && c->naccounts == 1)
			verdict_name(&result, c->accounts[0].user, NULL);
		for (k = 0; k < n && !is_same(&out[k].result, &result); k++)
			;
		if (k == n) {
			memset(&out[n], 0, sizeof(out[n]));
			out[n].result = result;
			out[n++].row = row;
		}
		out[k].in[i] = true;
	}
	return n;
}

/* ---- telling it ---- */

static const char *
does(const struct job_result *r)
{
	static const struct {
		const char *action, *does;
	} words[] = {
		{ "backoff", "the account's mail waits and is tried again by "
			     "itself, ever less often; no attempt is spent" },
		{ "hold", "the account's mail waits until somebody acts, and "
			  "is tried now and then; none bounces" },
		{ "wait", "the account's mail waits and is then tried again; "
			  "none bounces" },
		{ "retry", "it is tried again by queue.retry, until "
			   "queue.lifetime is over" },
		{ "bounce", "it is not tried again, and its sender is told" },
	};
	const char *action = verdict_action(r);
	size_t i = 0;

	while (strcmp(words[i].action, action) != 0)
		i++;
	return words[i].does;
}

static void
put_phases(const struct sense *s)
{
	const char *between = "";
	size_t i;

	printf(LABEL, "at");
	for (i = 0; i < PHASES; i++) {
		if (!s->in[i])
			continue;
		printf("%s%s", between, phase_name(phases[i]));
		between = ", ";
	}
	putchar('\n');
}

static void
put_sense(const struct sense *s, bool is_one_of_several)
{
	const struct job_result *r = &s->result;
	char action[256], wait[TEXT_SHORT];

	if (is_one_of_several)
		put_phases(s);
	printf(LABEL "%s\n", "class", verdict_whose(r));
	text_age((int64_t)r->wait_s, wait);
	snprintf(action, sizeof(action), "%s%s%s: %s", verdict_action(r),
	    r->wait_s > 0 ? ", at least " : "", r->wait_s > 0 ? wait : "",
	    does(r));
	text_put_para(stdout, 2, "action", action);
	text_put_para(stdout, 2, "means", r->meaning);
	text_put_para(stdout, 2, "do", r->fix);
	text_put_para(stdout, 2, "source",
	    s->row == NULL ? "none: no row of the catalogue knows it, and its "
			     "first digit decides"
			   : s->row->source);
}

static void
put_json(const struct sense *s)
{
	const struct job_result *r = &s->result;
	json_t *o = json_object(), *in = json_array();
	size_t i;

	for (i = 0; i < PHASES; i++)
		if (s->in[i])
			json_array_append_new(
			    in, json_text(phase_name(phases[i])));
	json_object_set_new(o, "code", json_integer(r->code));
	json_object_set_new(o, "status", json_text(r->status));
	json_object_set_new(o, "text", json_text(r->text));
	json_object_set_new(o, "phases", in);
	json_object_set_new(o, "class", json_text(verdict_whose(r)));
	json_object_set_new(o, "action", json_text(verdict_action(r)));
	json_object_set_new(o, "wait_s", json_integer((json_int_t)r->wait_s));
	json_object_set_new(o, "meaning", json_text(r->meaning));
	json_object_set_new(o, "fix", json_text(r->fix));
	json_object_set_new(o, "source",
	    s->row == NULL ? json_null() : json_text(s->row->source));
	json_put_line(stdout, o);
}

static int
find_phase(const char *word, enum phase *out, struct err *e)
{
	size_t i;

	if (phase_find(word, out) == 0)
		for (i = 0; i < PHASES; i++)
			if (phases[i] == *out)
				return 0;
	return err_set(e, ERR_PERM, "5.5.4",
	    "\"%.60s\" is no phase in which a server replies: one of greeting, "
	    "EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, end",
	    word);
}

static int
explain_text(const struct args *a, const struct conf *c, const char *text)
{
	struct sense senses[PHASES];
	enum phase only = PHASE_FINAL;
	struct reply r;
	struct err e;
	size_t i, n;
	int status = EX_USAGE;

	reply_init(&r);
	if ((a->phase != NULL && find_phase(a->phase, &only, &e) == -1) ||
	    read_reply(text, &r, &e) == -1) {
		complain(e.text);
		goto out;
	}
	n = find_senses(&r, a->phase == NULL ? NULL : &only, c, senses);
	if (!a->json) {
		text_put_reply(stdout, r.code, r.status, senses[0].result.text);
		putchar('\n');
	}
	for (i = 0; i < n; i++) {
		if (a->json)
			put_json(&senses[i]);
		else
			put_sense(&senses[i], n > 1 || a->phase != NULL);
	}
	status = 0;
out:
	reply_clear(&r);
	return status;
}

int
run_explain_reply(const struct args *a, const struct conf *c)
{
	int status = EX_USAGE;
	struct buf text;
	struct err e;

	buf_init(&text, REPLY_MAX);
	if (join_words(&a->words, &text, &e) == -1)
		complain(e.text);
	else if (a->phase == NULL && explain_token(buf_data(&text), a->json, c))
		status = 0;
	else
		status = explain_text(a, c, buf_data(&text));
	buf_clear(&text);
	return status;
}
