/* SPDX-License-Identifier: ISC */
/* What a pager shows of an account that does not send. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/control_reason.h"
#include "queue/dispatch.h"

#define NOW 1700000000

static struct conf_account conf;
static char text[256], meaning[256];
static struct store_account known;

static struct dispatch_view
view(enum account_state state, int64_t next_at)
{
	memset(&conf, 0, sizeof(conf));
	memset(&known, 0, sizeof(known));
	known.state = state;
	known.text = text;
	text[0] = meaning[0] = '\0';
	return (struct dispatch_view){ .conf = &conf,
		.known = &known,
		.state = state == ACCOUNT_READY ? "budget" : "",
		.next_at = next_at };
}

static void
assert_sentence(
    const struct dispatch_view *v, uint64_t waiting, const char *want)
{
	char *got = reason_account(v, "shop", waiting, NOW);

	assert_string_equal(got, want);
	free(got);
}

static void
a_refusal_is_told_by_what_it_means(void **state)
{
	struct dispatch_view v = view(ACCOUNT_HELD, NOW + 900);

	(void)state;
	known.code = 535;
	strlcpy(known.status, "5.7.139", sizeof(known.status));
	strlcpy(
	    text, "5.7.139 Authentication unsuccessful [ZR0P]", sizeof(text));
	assert_sentence(&v, 0,
	    "account shop is held: 535 5.7.139 Authentication unsuccessful "
	    "[ZR0P]; 0 messages wait, the next try is in 15m");
	strlcpy(meaning, "User name or password is wrong.", sizeof(meaning));
	known.meaning = meaning;
	assert_sentence(&v, 2,
	    "account shop is held: User name or password is wrong (535 "
	    "5.7.139); 2 messages wait, the next try is in 15m");
	strlcpy(text, "no", sizeof(text));
	known.meaning = NULL;
	assert_sentence(&v, 1,
	    "account shop is held: 535 5.7.139 no; 1 message waits, the next "
	    "try is in 15m");
}

static void
our_own_words_stand_as_they_are(void **state)
{
	struct dispatch_view v = view(ACCOUNT_BACKOFF, NOW);

	(void)state;
	strlcpy(text, "connect: Connection refused", sizeof(text));
	known.meaning = meaning;
	strlcpy(meaning, "The server is not there.", sizeof(meaning));
	assert_sentence(&v, 3,
	    "account shop backs off: connect: Connection refused; 3 messages "
	    "wait");
	known.text = NULL;
	assert_sentence(&v, 1, "account shop backs off; 1 message waits");
}

static void
a_budget_is_told_with_its_figures(void **state)
{
	static const struct {
		struct rate rate;
		const char *want;
	} cases[] = {
		{ { 28, 60 }, "account.rate is used up (28 messages in 1m)" },
		{ { 5, 3600 }, "account.rate is used up (5 messages in 1h)" },
		{ { 1, 90 }, "account.rate is used up (1 message in 90s)" },
	};
	struct dispatch_view v = view(ACCOUNT_READY, NOW + 82800 + 59);
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		conf.rate = cases[i].rate;
		got = reason_budget(&v);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
	v.is_day_spent = true;
	conf.recipients_per_day = 27;
	assert_sentence(&v, 1,
	    "account shop may send no more for now: account.recipients_per_day "
	    "is used up (27 recipients in 1d); 1 message waits, the next try "
	    "is in 23h");
}

static void
anyone_learns_of_no_account(void **state)
{
	static const enum account_state states[] = { ACCOUNT_HELD,
		ACCOUNT_BACKOFF, ACCOUNT_READY };
	struct dispatch_view v;
	const char *said[3];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		v = view(states[i], NOW);
		strlcpy(text, "no password: /etc/secret", sizeof(text));
		said[i] = reason_for_anyone(&v);
		assert_null(strstr(said[i], "secret"));
		assert_non_null(strstr(said[i], "its mail waits"));
	}
	assert_string_not_equal(said[0], said[1]);
	assert_string_not_equal(said[1], said[2]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_told_by_what_it_means),
		cmocka_unit_test(our_own_words_stand_as_they_are),
		cmocka_unit_test(a_budget_is_told_with_its_figures),
		cmocka_unit_test(anyone_learns_of_no_account),
	};

	return cmocka_run_group_tests_name("control_reason", tests, NULL, NULL);
}
