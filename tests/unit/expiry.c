/* SPDX-License-Identifier: ISC */
/* The rules of the expiry calendar, over a clock passed in. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/expiry.h"

#define T       1800000000
#define DAY     86400
#define S(text) ((char *)(uintptr_t)(text))

static char *hosts[1];

static struct conf_account
account(enum oauth_grant grant)
{
	struct conf_account a;

	memset(&a, 0, sizeof(a));
	a.name = S("shop");
	a.provider = PROVIDER_OFFICE365;
	a.auth = AUTH_XOAUTH2;
	a.grant = grant;
	a.user = S("alerts@contoso.com");
	a.tenant = S("contoso.onmicrosoft.com");
	a.client_id = S("00-1");
	hosts[0] = S("smtp.office365.com");
	a.hosts.v = hosts;
	a.hosts.n = 1;
	return a;
}

/* The account with what is known of its sign-in. */
static struct expiry_subject
whose(const struct conf_account *a, const struct signin *s)
{
	return (struct expiry_subject){ .account = a, .signin = s };
}

static bool
applies(const struct conf_account *a, enum expiry_what what)
{
	const struct expiry_subject s = whose(a, NULL);

	return expiry_applies(&s, what);
}

static bool
find(const struct conf_account *a, enum expiry_what what,
    const struct signin *signin, struct expiry *found)
{
	const struct expiry_subject s = whose(a, signin);

	return expiry_find(&s, what, found);
}

static void
describe(const struct conf *conf, const struct conf_account *a,
    enum expiry_what what, const struct expiry *x, int64_t now,
    struct expiry_words *w)
{
	const struct expiry_subject s = whose(a, NULL);

	expiry_describe(conf, &s, what, x, now, w);
}

static struct signin
signed_in(int64_t asked_at)
{
	struct signin s;

	memset(&s, 0, sizeof(s));
	s.has_token = true;
	s.granted.asked_at = asked_at;
	return s;
}

static void
has_ended(struct signin *s, enum token_ended ended, int64_t at)
{
	s->failures = 1;
	s->failed.class = TOKEN_NEVER;
	s->failed.ended = ended;
	s->failed_at = at;
}

static void
it_is_told_at_30_14_7_and_1_days_and_at_the_end(void **state)
{
	static const struct {
		int64_t before;
		unsigned stage;
	} cases[] = { { 31 * DAY, 0 }, { 30 * DAY + 1, 0 }, { 30 * DAY, 1 },
		{ 14 * DAY + 1, 1 }, { 14 * DAY, 2 }, { 7 * DAY, 3 },
		{ DAY + 1, 3 }, { DAY, 4 }, { 1, 4 }, { 0, 5 }, { -DAY, 5 } };
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };
	unsigned told = 0;
	int64_t now;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    expiry_stage(T, T - cases[i].before), cases[i].stage);
	for (now = T - 40 * DAY; now < T + 10 * DAY; now += 3600) {
		if (!expiry_warn(&x, now))
			continue;
		told++;
		assert_int_equal(x.warned, told);
		assert_true(expiry_mail(&x));
		assert_false(expiry_mail(&x));
	}
	assert_int_equal(told, EXPIRY_OVER);
}

/* A host that was off for a month hears the last word alone. */
static void
of_several_that_were_missed_the_last_is_told(void **state)
{
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };

	(void)state;
	assert_false(expiry_warn(&x, T - 31 * DAY));
	assert_true(expiry_warn(&x, T - 5 * DAY));
	assert_int_equal(x.warned, 3);
	assert_false(expiry_warn(&x, T - 4 * DAY));
}

static void
a_clock_that_was_ahead_tells_it_again_in_its_time(void **state)
{
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };

	(void)state;
	assert_true(expiry_warn(&x, T + DAY));
	assert_true(expiry_mail(&x));
	assert_false(expiry_warn(&x, T - 40 * DAY));
	assert_false(expiry_mail(&x));
	assert_true(expiry_warn(&x, T - 30 * DAY));
	assert_true(expiry_mail(&x));
}

static void
what_could_not_be_mailed_is_mailed_later_once(void **state)
{
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };

	(void)state;
	assert_true(expiry_warn(&x, T - 30 * DAY));
	assert_true(expiry_warn(&x, T - 14 * DAY));
	assert_true(expiry_mail(&x));
	assert_false(expiry_mail(&x));
}

static void
a_secret_ends_on_the_day_that_the_configuration_says(void **state)
{
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct expiry found;

	(void)state;
	assert_false(applies(&a, EXPIRY_SECRET));
	a.client_secret_file = S("s");
	assert_true(applies(&a, EXPIRY_SECRET));
	assert_false(find(&a, EXPIRY_SECRET, NULL, &found));
	a.client_secret_expires = S("2027-01-31");
	assert_true(find(&a, EXPIRY_SECRET, NULL, &found));
	assert_int_equal(found.at, 1801353600); /* 2027-01-31T00:00:00Z */
	assert_int_equal(found.source, EXPIRY_BY_CONF);
	/* With a certificate the secret is not used. */
	a.certificate_file = S("c");
	assert_false(applies(&a, EXPIRY_SECRET));
	assert_true(applies(&a, EXPIRY_CERTIFICATE));
}

static void
what_the_endpoint_says_has_ended_is_over(void **state)
{
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct signin s = signed_in(T - 3600);
	struct expiry x = { .at = 0 }, found;

	(void)state;
	a.client_secret_file = S("s");
	a.client_secret_expires = S("2030-01-31");
	has_ended(&s, TOKEN_ENDED_SECRET, T);
	assert_true(find(&a, EXPIRY_SECRET, &s, &found));
	assert_int_equal(found.source, EXPIRY_BY_ERROR);
	assert_int_equal(found.at, T);
	assert_true(expiry_update(&x, &found, &s));
	assert_true(expiry_warn(&x, T));
	assert_int_equal(x.warned, EXPIRY_OVER);
	/* Said again, it is no other end; nor is that of another thing. */
	found.at = T + 900;
	assert_false(expiry_update(&x, &found, &s));
	assert_int_equal(x.at, T);
	has_ended(&s, TOKEN_ENDED_REFRESH, T);
	a.client_secret_expires = NULL;
	assert_false(find(&a, EXPIRY_SECRET, &s, &found));
	/* A new one works: forgotten, and not before. */
	assert_false(expiry_update(&x, NULL, &s));
	s = signed_in(T + 1000);
	assert_true(expiry_update(&x, NULL, &s));
	assert_int_equal(x.at, 0);
}

static void
a_certificate_says_its_end_itself(void **state)
{
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct signin s = signed_in(T);
	struct expiry found;

	(void)state;
	a.certificate_file = S("c");
	assert_false(find(&a, EXPIRY_CERTIFICATE, &s, &found));
	s.granted.cert_until = T + 5;
	assert_true(find(&a, EXPIRY_CERTIFICATE, &s, &found));
	assert_int_equal(found.at, T + 5);
	/* Also when it could not be used. */
	has_ended(&s, TOKEN_ENDED_CERTIFICATE, T + 10);
	s.failed.cert_until = T + 7;
	assert_true(find(&a, EXPIRY_CERTIFICATE, &s, &found));
	assert_int_equal(found.at, T + 7);
	assert_int_equal(found.source, EXPIRY_BY_CERTIFICATE);
	s.failed.cert_until = s.granted.cert_until = 0;
	assert_true(find(&a, EXPIRY_CERTIFICATE, &s, &found));
	assert_int_equal(found.source, EXPIRY_BY_ERROR);
}

/* An hour more with each hour is not worth a write; a day is. */
static void
a_refresh_token_ends_90_days_after_its_last_use(void **state)
{
	struct conf_account a = account(GRANT_REFRESH_TOKEN);
	struct signin s = signed_in(T);
	struct expiry x = { .at = 0 }, found;

	(void)state;
	assert_true(applies(&a, EXPIRY_REFRESH));
	assert_false(applies(&a, EXPIRY_SECRET));
	assert_false(find(&a, EXPIRY_REFRESH, NULL, &found));
	assert_true(find(&a, EXPIRY_REFRESH, &s, &found));
	assert_int_equal(found.at, T + 90 * DAY);
	assert_true(expiry_update(&x, &found, &s));
	assert_false(expiry_update(&x, &found, &s));
	found.at += 3600;
	assert_false(expiry_update(&x, &found, &s));
	found.at += DAY;
	assert_true(expiry_update(&x, &found, &s));
	/* Used again in the last week: what was told of the old end is over. */
	assert_true(expiry_warn(&x, x.at - 5 * DAY));
	found.at = x.at + 3600;
	assert_true(expiry_update(&x, &found, &s));
	assert_int_equal(x.warned, 0);
	has_ended(&s, TOKEN_ENDED_REFRESH, T + 5);
	assert_true(find(&a, EXPIRY_REFRESH, &s, &found));
	assert_int_equal(found.at, T + 5);
	assert_true(expiry_update(&x, &found, &s));
	assert_int_equal(x.source, EXPIRY_BY_ERROR);
}

static void
one_that_is_put_off_begins_anew_and_one_that_comes_nearer_does_not(void **state)
{
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };
	struct expiry found = { .at = T + 5 * DAY, .source = EXPIRY_BY_CONF };

	(void)state;
	assert_true(expiry_warn(&x, T - 14 * DAY));
	assert_true(expiry_mail(&x));
	assert_true(expiry_update(&x, &found, NULL));
	/* 19 days: that is told for the new date, too. */
	assert_true(expiry_warn(&x, T - 14 * DAY));
	assert_int_equal(x.warned, 1);
	found.at = T;
	assert_true(expiry_update(&x, &found, NULL));
	assert_int_equal(x.warned, 1);
}

static void
passwords_have_a_date_at_microsofts_own_hosts(void **state)
{
	static const struct {
		enum provider provider;
		enum auth_mech auth;
		const char *host;
		bool applies;
	} cases[] = {
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "smtp.office365.com", true },
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "SMTP.office365.com:587",
		    true },
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "smtp-legacy.office365.com",
		    true },
		{ PROVIDER_OFFICE365_CHINA, AUTH_LOGIN,
		    "smtp.partner.outlook.cn", true },
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "smtp-hve.office365.com",
		    false },
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "127.0.0.1", false },
		{ PROVIDER_OFFICE365, AUTH_LOGIN, "localhost:2587", false },
		{ PROVIDER_OFFICE365, AUTH_XOAUTH2, "smtp.office365.com",
		    false },
		{ PROVIDER_SMTP, AUTH_LOGIN, "smtp.office365.com", false },
	};
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct expiry found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a.provider = cases[i].provider;
		a.auth = cases[i].auth;
		hosts[0] = S(cases[i].host);
		if (applies(&a, EXPIRY_PASSWORD) != cases[i].applies)
			fail_msg("%s", cases[i].host);
	}
	assert_true(find(&a, EXPIRY_PASSWORD, NULL, &found));
	assert_int_equal(found.at, 1798761600); /* 2027-01-01T00:00:00Z */
	assert_int_equal(found.source, EXPIRY_BY_NOTE);
	/* A date of others is a note: it worries no monitor. */
	assert_false(expiry_is_soon(&found, found.at));
}

static void
a_fortnight_makes_the_verdict_a_warning(void **state)
{
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };

	(void)state;
	assert_false(expiry_is_soon(&x, T - 14 * DAY - 1));
	assert_true(expiry_is_soon(&x, T - 14 * DAY));
	assert_true(expiry_is_soon(&x, T + DAY));
	x.at = 0;
	assert_false(expiry_is_soon(&x, T));
}

static void
says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void
it_says_what_when_for_whom_and_what_to_do(void **state)
{
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct conf conf;
	struct expiry x = { .at = T, .source = EXPIRY_BY_CONF };
	struct expiry_words w;
	int what;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.path = S("/etc/mailchute/mailchute.conf");
	a.client_secret_file = S("/etc/mailchute/client_secret");
	a.certificate_file = S("/etc/mailchute/cert.pem");
	a.key_file = S("/etc/mailchute/key.pem");
	describe(&conf, &a, EXPIRY_SECRET, &x, T - 9 * DAY, &w);
	says(w.title, "client secret of application 00-1 ends in 9 days");
	says(w.text, "(account shop)");
	says(w.text, "2027-01-15 08:00 UTC");
	says(w.fix, "tenant contoso.onmicrosoft.com");
	says(w.fix, "/etc/mailchute/client_secret");
	says(w.fix, "/etc/mailchute/mailchute.conf");
	expiry_words_clear(&w);
	describe(&conf, &a, EXPIRY_CERTIFICATE, &x, T - 3600, &w);
	says(w.title, "ends within a day");
	says(w.fix, "/etc/mailchute/cert.pem and /etc/mailchute/key.pem");
	expiry_words_clear(&w);
	describe(&conf, &a, EXPIRY_REFRESH, &x, T, &w);
	says(w.title, "has ended");
	says(w.fix, "Sign in again as alerts@contoso.com");
	expiry_words_clear(&w);
	describe(&conf, &a, EXPIRY_PASSWORD, &x, T - DAY, &w);
	says(w.title, "ends in 1 day");
	says(w.meaning, "An administrator can switch them on again");
	expiry_words_clear(&w);
	/* Nothing that it may lack keeps it from saying the rest. */
	a.user = a.tenant = a.client_id = a.key_file = NULL;
	for (what = 0; what < EXPIRY_LISTENER; what++) {
		describe(&conf, &a, (enum expiry_what)what, &x, T, &w);
		says(w.text, "account shop");
		expiry_words_clear(&w);
	}
}

static void
a_listener_has_the_certificate_that_is_in_use(void **state)
{
	struct conf_listen l = { .name = S("copier"),
		.tls = LISTEN_TLS_REQUIRED,
		.certificate_file = S("/c.pem"),
		.key_file = S("/k.pem") };
	struct expiry_subject s = { .listener = &l };
	struct conf_account a = account(GRANT_CREDENTIALS);
	struct expiry x = { .at = 0 }, found;
	struct expiry_words w;
	struct conf conf;
	int what;

	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.path = S("/etc/mailchute/mailchute.conf");
	for (what = 0; what < EXPIRY_WHATS; what++)
		assert_int_equal(expiry_applies(&s, (enum expiry_what)what),
		    what == EXPIRY_LISTENER);
	a.certificate_file = S("c");
	assert_false(applies(&a, EXPIRY_LISTENER));
	assert_string_equal(expiry_subject_name(&s), "copier");
	/* While none serves, and nobody tells, what was known stays. */
	assert_false(expiry_find(&s, EXPIRY_LISTENER, &found));
	s.cert_until = T;
	assert_true(expiry_find(&s, EXPIRY_LISTENER, &found));
	assert_int_equal(found.at, T);
	assert_int_equal(found.source, EXPIRY_BY_CERTIFICATE);
	assert_true(expiry_update(&x, &found, NULL));
	assert_false(expiry_update(&x, NULL, NULL));
	assert_int_equal(x.at, T);
	assert_true(expiry_is_soon(&x, T - DAY));
	expiry_describe(&conf, &s, EXPIRY_LISTENER, &x, T - 9 * DAY, &w);
	assert_string_equal(
	    w.title, "the certificate of listener copier ends in 9 days");
	assert_string_equal(w.text,
	    "the certificate of listener copier ends in 9 days, on "
	    "2027-01-15 08:00 UTC");
	says(w.meaning, "checks certificates");
	says(w.fix, "/c.pem and /k.pem");
	says(w.fix, "reload");
	expiry_words_clear(&w);
	l.tls = LISTEN_TLS_NONE;
	assert_false(expiry_applies(&s, EXPIRY_LISTENER));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    it_is_told_at_30_14_7_and_1_days_and_at_the_end),
		cmocka_unit_test(of_several_that_were_missed_the_last_is_told),
		cmocka_unit_test(
		    a_clock_that_was_ahead_tells_it_again_in_its_time),
		cmocka_unit_test(what_could_not_be_mailed_is_mailed_later_once),
		cmocka_unit_test(
		    a_secret_ends_on_the_day_that_the_configuration_says),
		cmocka_unit_test(what_the_endpoint_says_has_ended_is_over),
		cmocka_unit_test(a_certificate_says_its_end_itself),
		cmocka_unit_test(
		    a_refresh_token_ends_90_days_after_its_last_use),
		cmocka_unit_test(
		    one_that_is_put_off_begins_anew_and_one_that_comes_nearer_does_not),
		cmocka_unit_test(passwords_have_a_date_at_microsofts_own_hosts),
		cmocka_unit_test(a_fortnight_makes_the_verdict_a_warning),
		cmocka_unit_test(it_says_what_when_for_whom_and_what_to_do),
		cmocka_unit_test(a_listener_has_the_certificate_that_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
