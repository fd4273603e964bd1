/* SPDX-License-Identifier: ISC */
/*
 * The catalogue against tests/data/exchange-online/rows.txt: each reply has the
 * class, the action and the wait that are written down there a second time, and
 * no row of the code is without one.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/reply.h"
#include "mail/verdict.h"

#define FILE_NAME "/tests/data/exchange-online/rows.txt"
#define CASES_MAX 500

struct case_row {
	char *key, *code, *state, *reply, *whose, *action, *wait, *note;
};

static struct case_row cases[CASES_MAX];
static size_t ncases;

/* What a state of the stand-in is called here. */
static enum phase
phase_of(const char *state)
{
	static const struct {
		const char *state;
		enum phase phase;
	} names[] = { { "greeting", PHASE_GREETING }, { "ehlo", PHASE_EHLO },
		{ "starttls", PHASE_STARTTLS }, { "auth", PHASE_AUTH },
		{ "mail", PHASE_MAIL }, { "rcpt", PHASE_RCPT },
		{ "dot", PHASE_FINAL } };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].state, state) == 0)
			return names[i].phase;
	fail_msg("no state %s", state);
	return PHASE_CONNECT;
}

/* The next field of a line, without the blanks around its bar. */
static char *
field(char **rest)
{
	char *f = *rest, *bar;

	if (f == NULL) {
		fail_msg("too few fields");
		abort(); /* for analysers: it has not come back */
	}
	if ((bar = strstr(f, " | ")) != NULL) {
		*bar = '\0';
		*rest = bar + 3;
	} else
		*rest = NULL;
	return f;
}

static int
read_cases(void **state)
{
	char path[1024], line[2048], *rest;
	struct case_row *c;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s%s",
	    getenv("top_srcdir") == NULL ? "." : getenv("top_srcdir"),
	    FILE_NAME);
	if ((f = fopen(path, "r")) == NULL)
		fail_msg("%s cannot be read", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		assert_true(ncases < CASES_MAX);
		c = &cases[ncases++];
		rest = strdup(line);
		c->key = field(&rest);
		c->code = field(&rest);
		c->state = field(&rest);
		c->reply = field(&rest);
		c->whose = field(&rest);
		c->action = field(&rest);
		c->wait = field(&rest);
		c->note = rest;
	}
	fclose(f);
	return 0;
}

static int
forget_cases(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ncases; i++)
		free(cases[i].key); /* the rest is behind it */
	return 0;
}

/* The row that judged it, or NULL; there is no reply to judge when "-". */
static const struct verdict_row *
judge(const struct case_row *c, struct job_result *out)
{
	const struct verdict_row *row;
	struct reply r;
	struct err e;

	reply_init(&r);
	if (reply_parse_line(&r, c->reply, strlen(c->reply), &e) != 1)
		fail_msg("%s: no reply: %s", c->key, c->reply);
	row = verdict_reply(phase_of(c->state), &r, out);
	reply_clear(&r);
	return row;
}

static bool
has_reply(const struct case_row *c)
{
	return strcmp(c->reply, "-") != 0;
}

static void
each_means_what_is_written(void **state)
{
	struct job_result out;
	size_t i;

	(void)state;
	assert_true(ncases >= 100);
	for (i = 0; i < ncases; i++) {
		const struct case_row *c = &cases[i];

		if (!has_reply(c)) {
			assert_non_null(c->note);
			continue;
		}
		if (judge(c, &out) == NULL)
			fail_msg("%s: no row takes %s", c->key, c->reply);
		if (strcmp(verdict_whose(&out), c->whose) != 0 ||
		    strcmp(verdict_action(&out), c->action) != 0 ||
		    out.wait_s != strtoul(c->wait, NULL, 10))
			fail_msg("%s: %s %s %u, not %s %s %s: %s", c->key,
			    verdict_whose(&out), verdict_action(&out),
			    (unsigned)out.wait_s, c->whose, c->action, c->wait,
			    c->reply);
	}
}

/* The server's own words are kept whole, its marks for support with them. */
static void
the_server_s_words_stay(void **state)
{
	struct job_result out;
	size_t i;

	(void)state;
	for (i = 0; i < ncases; i++) {
		if (!has_reply(&cases[i]))
			continue;
		judge(&cases[i], &out);
		assert_string_equal(out.text, cases[i].reply + 4);
	}
}

static void
no_row_is_without_a_case(void **state)
{
	const struct verdict_row *row, *met[CASES_MAX] = { NULL };
	struct job_result out;
	size_t i, j;

	(void)state;
	for (i = 0; i < ncases; i++)
		met[i] = has_reply(&cases[i]) ? judge(&cases[i], &out) : NULL;
	for (i = 0; (row = verdict_row(i)) != NULL; i++) {
		for (j = 0; j < ncases && met[j] != row; j++)
			;
		if (j == ncases)
			fail_msg("no case for %u %s %s", row->code,
			    row->status == NULL ? "-" : row->status,
			    row->text == NULL ? "-" : row->text);
	}
}

static void
each_names_its_source(void **state)
{
	const struct verdict_row *row;
	size_t i;

	(void)state;
	for (i = 0; (row = verdict_row(i)) != NULL; i++)
		if (row->source == NULL ||
		    strlen(row->source) < sizeof("RFC 1") - 1)
			fail_msg("row %zu: no source", i);
}

/* Where each word of the reply decides: the same status, another code. */
static void
code_and_status_and_text_decide(void **state)
{
	static const struct {
		const char *line, *whose, *action;
	} pairs[] = {
		{ "550 5.2.252 Sender throttled", "account", "wait" },
		{ "554 5.2.252 SendAsDenied; x", "message", "bounce" },
		{ "451 5.2.252 no such class", "message", "retry" },
		{ "554 5.2.0 x:SendAsDeniedException", "message", "bounce" },
		{ "554 5.2.0 x:SubmissionQuotaExceededException", "account",
		    "wait" },
		{ "554 5.2.0 x:OutboundSpamException", "account", "hold" },
		{ "554 5.2.0 something else", "message", "bounce" },
		{ "554 5.2.2 mailbox full; x", "account", "hold" },
		{ "550 5.2.2 Submission quota exceeded", "account", "wait" },
		{ "550 5.2.2 something else", "message", "bounce" },
		{ "451 4.7.599 x", "connection", "backoff" },
		{ "451 4.7.50 x", "message", "retry" },
		{ "451 4.7.5000 x", "message", "retry" },
		{ "550 5.1.80 x", "message", "bounce" },
		{ "452 4.5.3 x", "message", "retry" },
		{ "432 4.3.2 something else", "message", "retry" },
	};
	struct case_row c = { .key = NULL };
	struct job_result out;
	char line[128], at[] = "dot";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		strlcpy(line, pairs[i].line, sizeof(line));
		c.reply = line;
		c.state = at;
		judge(&c, &out);
		if (strcmp(verdict_whose(&out), pairs[i].whose) != 0 ||
		    strcmp(verdict_action(&out), pairs[i].action) != 0)
			fail_msg("%s: %s %s", line, verdict_whose(&out),
			    verdict_action(&out));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_means_what_is_written),
		cmocka_unit_test(the_server_s_words_stay),
		cmocka_unit_test(no_row_is_without_a_case),
		cmocka_unit_test(each_names_its_source),
		cmocka_unit_test(code_and_status_and_text_decide),
	};

	return cmocka_run_group_tests_name(
	    "verdict_rows", tests, read_cases, forget_cases);
}
