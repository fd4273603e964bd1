/* SPDX-License-Identifier: ISC */
/* The rules of asking for access tokens, over a clock passed in. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/signin.h"

#define T    1800000000
#define HALF 0x80000000U

static struct conf_account conf;
static char *hosts[] = { (char[]){ "smtp.office365.com" } };

static struct signin
made(enum oauth_grant grant)
{
	struct signin s;

	memset(&conf, 0, sizeof(conf));
	conf.grant = grant;
	conf.backoff_min_s = 15;
	conf.backoff_max_s = 900;
	conf.hosts.v = hosts;
	conf.hosts.n = 1;
	signin_init(&s, &conf);
	return s;
}

static struct token_granted
granted(int64_t at, int64_t lifetime_s)
{
	struct token_granted g;

	memset(&g, 0, sizeof(g));
	g.asked_at = at;
	g.lifetime_s = (uint64_t)lifetime_s;
	g.until = at + lifetime_s;
	return g;
}

static struct signin
with_token(enum oauth_grant grant, int64_t at, int64_t lifetime_s)
{
	struct signin s = made(grant);
	struct token_granted g = granted(at, lifetime_s);

	signin_asks(&s, at);
	signin_granted(&s, &g, at);
	return s;
}

static void
fails(struct signin *s, enum token_class class, uint64_t wait_s, int64_t now)
{
	struct token_failed x;

	memset(&x, 0, sizeof(x));
	x.class = class;
	x.wait_s = wait_s;
	strlcpy(
	    x.text, "AADSTS7000222: the secret has expired", sizeof(x.text));
	signin_asks(s, now);
	signin_failed(s, &x, now, HALF);
}

static void
without_mail_only_a_refresh_token_is_asked_with(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);

	(void)state;
	assert_false(signin_may_start(&s, T));
	assert_int_equal(signin_ask_at(&s, T, false), SIGNIN_NEVER);
	assert_int_equal(signin_ask_at(&s, T, true), T);
	s = made(GRANT_MANAGED_IDENTITY);
	assert_int_equal(signin_ask_at(&s, T, false), SIGNIN_NEVER);
	s = made(GRANT_FEDERATED);
	assert_int_equal(signin_ask_at(&s, T, false), SIGNIN_NEVER);
	s = made(GRANT_REFRESH_TOKEN);
	assert_int_equal(signin_ask_at(&s, T, false), T);
}

static void
it_is_asked_once_at_a_time(void **state)
{
	struct signin s = made(GRANT_REFRESH_TOKEN);

	(void)state;
	signin_asks(&s, T);
	assert_int_equal(signin_ask_at(&s, T, true), SIGNIN_NEVER);
	assert_false(signin_may_start(&s, T));
}

static void
a_new_one_is_asked_for_five_minutes_ahead(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);

	(void)state;
	assert_true(signin_may_start(&s, T));
	assert_int_equal(signin_ask_at(&s, T, true), T + 3300);
	assert_int_equal(signin_ask_at(&s, T + 3400, true), T + 3400);
	/* The answer is waited for; after a failure it need not be. */
	assert_true(signin_may_start(&s, T + 3400));
	signin_asks(&s, T + 3400);
	assert_false(signin_may_start(&s, T + 3400));
	fails(&s, TOKEN_LATER, 0, T + 3401);
	assert_true(signin_may_start(&s, T + 3401));
	signin_asks(&s, T + 3500);
	assert_true(signin_may_start(&s, T + 3539));
	assert_false(signin_may_start(&s, T + 3540));
	assert_int_equal(signin_good_until(&s), T + 3540);
}

static void
high_volume_email_wants_ten_minutes(void **state)
{
	static const struct {
		const char *host;
		int64_t ahead_s;
	} cases[] = { { "smtp-hve.office365.com", 600 },
		{ "smtp.hve.mx.microsoft", 600 },
		{ "SMTP-HVE.office365.com:587", 600 },
		{ "smtp-hve.office365.com.example", 300 },
		{ "smtp.office365.com", 300 } };
	struct token_granted g = granted(T, 3600);
	char *host[1];
	struct signin s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		made(GRANT_CREDENTIALS);
		host[0] = (char *)(uintptr_t)cases[i].host;
		conf.hosts.v = host;
		signin_init(&s, &conf);
		signin_granted(&s, &g, T);
		assert_int_equal(
		    signin_ask_at(&s, T, true), T + 3600 - cases[i].ahead_s);
	}
}

/* Half of its life, and a tenth: else it would be asked for all the time. */
static void
one_that_lives_for_minutes_is_used_for_most_of_them(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 100);

	(void)state;
	assert_int_equal(signin_ask_at(&s, T, true), T + 50);
	assert_true(signin_is_good(&s, T + 89));
	assert_false(signin_is_good(&s, T + 90));
}

static void
tokens_that_end_at_once_are_asked_for_ever_more_slowly(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);
	struct token_granted g;
	int64_t now = T, at;
	unsigned n = 0;

	(void)state;
	while (now < T + 300) {
		g = granted(now, 1);
		signin_asks(&s, now);
		signin_granted(&s, &g, now);
		at = signin_ask_at(&s, now + 1, true);
		assert_true(at > now);
		now = at;
		n++;
	}
	assert_in_range(n, 5, 15);
	/* Time heals. */
	g = granted(now + 100, 3600);
	signin_granted(&s, &g, now + 100);
	assert_int_equal(s.quick, 0);
}

static void
failures_back_off_and_end_with_a_token(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);
	struct token_granted g = granted(T + 100, 3600);

	(void)state;
	fails(&s, TOKEN_LATER, 0, T);
	assert_in_range(s.next_at, T + 8, T + 15);
	assert_int_equal(signin_ask_at(&s, T, true), s.next_at);
	fails(&s, TOKEN_LATER, 0, T);
	assert_in_range(s.next_at, T + 15, T + 30);
	fails(&s, TOKEN_LATER, 0, T);
	assert_in_range(s.next_at, T + 30, T + 60);
	signin_granted(&s, &g, T + 100);
	assert_int_equal(s.failures, 0);
	assert_int_equal(signin_ask_at(&s, T + 100, true), T + 100 + 3300);
}

static void
retry_after_is_obeyed(void **state)
{
	struct signin s = made(GRANT_REFRESH_TOKEN);

	(void)state;
	fails(&s, TOKEN_LATER, 1200, T);
	assert_int_equal(signin_ask_at(&s, T + 1, true), T + 1200);
	assert_int_equal(signin_ask_at(&s, T + 1, false), T + 1200);
	fails(&s, TOKEN_LATER, 1, T);
	assert_in_range(s.next_at, T + 15, T + 30);
}

/* Until it ends; then once more, and only then it is the account's trouble. */
static void
a_lasting_failure_is_a_warning_while_the_token_is_good(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);

	(void)state;
	fails(&s, TOKEN_NEVER, 0, T + 3400);
	assert_true(signin_may_start(&s, T + 3500));
	assert_int_equal(signin_ask_at(&s, T + 3500, true), T + 3540);
	fails(&s, TOKEN_NEVER, 0, T + 3540);
	assert_false(signin_may_start(&s, T + 3540));
	assert_int_equal(signin_ask_at(&s, T + 3540, true), T + 3540 + 900);
}

static void
somebody_who_acts_ends_the_wait(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);

	(void)state;
	fails(&s, TOKEN_NEVER, 0, T);
	assert_true(signin_ask_at(&s, T, true) > T);
	signin_allow(&s, T + 1);
	assert_int_equal(signin_ask_at(&s, T + 1, true), T + 1);
	/* Where nothing failed there is nothing to end. */
	s = with_token(GRANT_CREDENTIALS, T, 3600);
	s.next_at = T + 64;
	signin_allow(&s, T);
	assert_int_equal(s.next_at, T + 64);
}

static void
a_refused_token_is_renewed_once(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);
	struct token_granted g = granted(T + 10, 3600);

	(void)state;
	assert_true(signin_refused(&s));
	assert_false(signin_may_start(&s, T + 9));
	assert_int_equal(signin_ask_at(&s, T + 9, true), T + 9);
	signin_granted(&s, &g, T + 10);
	assert_true(signin_may_start(&s, T + 10));
	assert_false(signin_refused(&s));
	/* The attempt after the hold begins with another one. */
	assert_false(signin_may_start(&s, T + 11));
	g = granted(T + 900, 3600);
	signin_granted(&s, &g, T + 900);
	assert_false(signin_refused(&s));
	signin_granted(&s, &g, T + 900);
	signin_taken(&s);
	assert_true(signin_refused(&s));
}

/* Failing to get one after a refusal, the refused one is no good. */
static void
a_refused_token_does_not_come_back(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);

	(void)state;
	signin_refused(&s);
	fails(&s, TOKEN_NEVER, 0, T + 1);
	assert_false(signin_may_start(&s, T + 1));
}

static void
what_the_parent_has_kept_is_bounded_by_the_clock(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);
	struct token_granted g = granted(T - 1000, 3600);

	(void)state;
	signin_know(&s, &g, T);
	assert_true(signin_may_start(&s, T));
	assert_int_equal(signin_ask_at(&s, T, true), T + 2300);
	/* The clock was years ahead when it came. */
	g = granted(T + 100000000, 3600);
	signin_know(&s, &g, T);
	assert_int_equal(s.granted.asked_at, T);
	assert_int_equal(s.granted.until, T + 3600);
	g = granted(T - 100000000, 3600);
	signin_know(&s, &g, T);
	assert_false(signin_may_start(&s, T));
}

/* The program that asks may see another one, while somebody sets it. */
static void
a_token_is_dated_by_this_clock(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);
	struct token_granted g = granted(T - 100000, 3600);

	(void)state;
	signin_asks(&s, T);
	signin_granted(&s, &g, T + 2);
	assert_int_equal(s.granted.asked_at, T);
	assert_int_equal(s.granted.until, T + 3600);
}

static void
all_instants_move_with_the_clock(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);

	(void)state;
	fails(&s, TOKEN_LATER, 100, T);
	signin_move_times(&s, 1000);
	assert_int_equal(s.next_at, T + 1100);
	assert_int_equal(s.granted.until, T + 4600);
	assert_int_equal(s.granted.asked_at, T + 1000);
	s = made(GRANT_CREDENTIALS);
	signin_move_times(&s, 1000);
	assert_int_equal(s.next_at, 0);
	assert_int_equal(s.granted.until, 0);
}

static void
a_failure_is_told_as_the_accounts_trouble(void **state)
{
	struct signin s = made(GRANT_CREDENTIALS);
	struct job_result why;

	(void)state;
	fails(&s, TOKEN_LATER, 1200, T);
	signin_tell(&s, T + 200, &why);
	assert_int_equal(why.scope, JOB_SCOPE_CONNECTION);
	assert_int_equal(why.outcome, JOB_DEFERRED);
	assert_int_equal(why.wait_s, 1000);
	assert_string_equal(why.status, "4.7.0");
	assert_non_null(strstr(why.text, "AADSTS7000222"));
	assert_non_null(strstr(why.fix, "tried again by itself"));
	fails(&s, TOKEN_NEVER, 0, T);
	strlcpy(s.failed.meaning, "It is over.", sizeof(s.failed.meaning));
	strlcpy(s.failed.fix, "Make a new one.", sizeof(s.failed.fix));
	strlcpy(s.failed.status, "5.7.9", sizeof(s.failed.status));
	signin_tell(&s, T, &why);
	assert_int_equal(why.scope, JOB_SCOPE_ACCOUNT);
	assert_int_equal(why.outcome, JOB_REJECTED);
	assert_int_equal(why.wait_s, 0);
	assert_string_equal(why.status, "5.7.9");
	assert_string_equal(why.meaning, "It is over.");
	assert_string_equal(why.fix, "Make a new one.");
	s.failed.meaning[0] = s.failed.fix[0] = '\0';
	signin_tell(&s, T, &why);
	assert_non_null(strstr(why.meaning, "cannot sign in"));
	assert_non_null(strstr(why.fix, "mailchute retry ALL"));
}

static void
what_was_doubtful_goes_before_the_servers_words(void **state)
{
	struct signin s = with_token(GRANT_CREDENTIALS, T, 3600);
	struct job_result why;

	(void)state;
	memset(&why, 0, sizeof(why));
	strlcpy(why.meaning, "Refused.", sizeof(why.meaning));
	strlcpy(why.fix, "Check all.", sizeof(why.fix));
	signin_blame(&s, &why);
	assert_string_equal(why.meaning, "Refused.");
	strlcpy(s.granted.doubt, "it has no role", sizeof(s.granted.doubt));
	strlcpy(s.granted.fix, "Grant it.", sizeof(s.granted.fix));
	signin_blame(&s, &why);
	assert_string_equal(why.meaning, "It has no role. Refused.");
	assert_string_equal(why.fix, "Grant it. Check all.");
	/* Nothing is cut in the middle to make room for the rest. */
	memset(s.granted.fix, 'X', sizeof(s.granted.fix) - 1);
	s.granted.fix[sizeof(s.granted.fix) - 1] = '\0';
	signin_blame(&s, &why);
	assert_string_equal(why.fix, s.granted.fix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    without_mail_only_a_refresh_token_is_asked_with),
		cmocka_unit_test(it_is_asked_once_at_a_time),
		cmocka_unit_test(a_new_one_is_asked_for_five_minutes_ahead),
		cmocka_unit_test(high_volume_email_wants_ten_minutes),
		cmocka_unit_test(
		    one_that_lives_for_minutes_is_used_for_most_of_them),
		cmocka_unit_test(
		    tokens_that_end_at_once_are_asked_for_ever_more_slowly),
		cmocka_unit_test(failures_back_off_and_end_with_a_token),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(
		    a_lasting_failure_is_a_warning_while_the_token_is_good),
		cmocka_unit_test(somebody_who_acts_ends_the_wait),
		cmocka_unit_test(a_refused_token_is_renewed_once),
		cmocka_unit_test(a_refused_token_does_not_come_back),
		cmocka_unit_test(
		    what_the_parent_has_kept_is_bounded_by_the_clock),
		cmocka_unit_test(a_token_is_dated_by_this_clock),
		cmocka_unit_test(all_instants_move_with_the_clock),
		cmocka_unit_test(a_failure_is_told_as_the_accounts_trouble),
		cmocka_unit_test(
		    what_was_doubtful_goes_before_the_servers_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
