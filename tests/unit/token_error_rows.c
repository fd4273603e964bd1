/* SPDX-License-Identifier: ISC */
/*
 * Each row of the table, by number or word: who is to act, what has ended, how
 * long to wait.  A change of the table has to be made here as well.
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

#include "mail/token_error_priv.h"
static const struct {
	uint64_t aadsts;
	const char *error;
	enum token_class class;
	enum token_ended ended;
	uint64_t wait_s;
} cases[] = {
	{ 7000215, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 7000222, "", TOKEN_NEVER, TOKEN_ENDED_SECRET, 0 },
	{ 7000218, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 700016, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 700027, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 700024, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 700030, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 700022, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 70011, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 7000112, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 70001, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 500011, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 90002, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 9001023, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 900382, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 90038, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 65001, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 50034, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 50053, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 1800 },
	{ 50055, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 50057, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 50076, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 50079, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 50126, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 50173, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 70008, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 700082, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 70043, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 700084, "", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 53003, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 530032, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 530035, "", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 50196, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 3600 },
	{ 90055, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 50033, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 50087, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 90006, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 90024, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 90033, "", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "invalid_client", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "invalid_grant", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 0, "unauthorized_client", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "unsupported_grant_type", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "invalid_scope", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "invalid_request", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "invalid_resource", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "interaction_required", TOKEN_NEVER, TOKEN_ENDED_REFRESH, 0 },
	{ 0, "consent_required", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "access_denied", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "authorization_declined", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "bad_verification_code", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "expired_token", TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "temporarily_unavailable", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
	{ 0, "server_error", TOKEN_LATER, TOKEN_ENDED_NOTHING, 0 },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void
each_row_says_what_to_do(void **state)
{
	struct token_failed x;
	size_t i;

	(void)state;
	assert_int_equal(CASES, token_error_rows_n);
	for (i = 0; i < CASES; i++) {
		memset(&x, 0, sizeof(x));
		x.http = 400;
		x.aadsts = cases[i].aadsts;
		strlcpy(x.error, cases[i].error, sizeof(x.error));
		assert_ptr_equal(token_error_judge(&x), &token_error_rows[i]);
		assert_int_equal(x.class, cases[i].class);
		assert_int_equal(x.ended, cases[i].ended);
		assert_int_equal(x.wait_s, cases[i].wait_s);
	}
}

/* A sentence, unless it ends in a command, which is copied as it stands. */
static void
each_is_worded_as_the_others(void **state)
{
	const struct token_error_row *r;
	struct token_failed x;
	size_t i, n;

	(void)state;
	for (i = 0; (r = token_error_row(i)) != NULL; i++) {
		n = strlen(r->meaning);
		assert_true(n > 0 && n < sizeof(x.meaning));
		assert_int_equal(r->meaning[n - 1], '.');
		n = strlen(r->fix);
		assert_true(n > 0 && n < sizeof(x.fix));
		if (r->fix[n - 1] != '.' &&
		    strstr(r->fix, "mailchute setup") != r->fix + n - 15)
			fail_msg("%s", r->fix);
	}
	assert_int_equal(i, token_error_rows_n);
}

static void
no_row_hides_another(void **state)
{
	const struct token_error_row *a, *b;
	size_t i, j;

	(void)state;
	for (i = 0; (a = token_error_row(i)) != NULL; i++)
		for (j = 0; j < i; j++) {
			b = token_error_row(j);
			if (a->aadsts == b->aadsts &&
			    (a->aadsts != 0 || strcmp(a->error, b->error) == 0))
				fail_msg("%zu and %zu", i, j);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_says_what_to_do),
		cmocka_unit_test(each_is_worded_as_the_others),
		cmocka_unit_test(no_row_hides_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
