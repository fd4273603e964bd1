/* SPDX-License-Identifier: ISC */
/* From addresses that a mailbox may not send as: which, and for how long. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/denied.h"
#include "tests/unit/office.h"

#define BOX  "alerts@contoso.com"
#define SHOP "shop@contoso.com"

#define ACCOUNT \
	OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n" \
		     "tls = implicit\nuser = " BOX "\npassword_file = pw\n" \
		     "senders = " BOX " @contoso.com\n"

/* The From of a message, or "" for the mailbox's own. */
static void
goes_as(const char *options, const char *from, const char *sender,
    enum message_kind kind, const char *expected)
{
	struct store_message m;
	struct office o;
	char *got;

	memset(&m, 0, sizeof(m));
	office_open(&o, options);
	m.kind = kind;
	m.from = (char *)(uintptr_t)from;
	m.sender = (char *)(uintptr_t)sender;
	got = denied_from(o.conf, &o.conf->accounts[0], &m);
	assert_string_equal(got == NULL ? "" : got, expected);
	free(got);
	office_close(&o);
}

static void
the_from_that_goes_out_counts(void **state)
{
	(void)state;
	goes_as(ACCOUNT, "Shop@Contoso.COM", "x@y.z", KIND_MAIL, SHOP);
	goes_as(ACCOUNT, NULL, SHOP, KIND_MAIL, SHOP);
	goes_as(ACCOUNT, "root", "", KIND_MAIL, "root@contoso.com");
	/* The mailbox's own, or rewritten to be. */
	goes_as(ACCOUNT, "ALERTS@contoso.com", "", KIND_MAIL, "");
	goes_as(ACCOUNT, "joe@example.com", SHOP, KIND_MAIL, "");
	goes_as(ACCOUNT "rewrite = always\n", SHOP, "", KIND_MAIL, "");
	goes_as(ACCOUNT, NULL, "", KIND_MAIL, "");
	goes_as(ACCOUNT, SHOP, "", KIND_BOUNCE, "");
	goes_as(OFFICE_ADMIN OFFICE_ACCOUNT, SHOP, "", KIND_MAIL, "");
	/* Nothing is rewritten. */
	goes_as(ACCOUNT "rewrite = never\n", "joe@example.com", "", KIND_MAIL,
	    "joe@example.com");
}

static struct job_result
refusal(unsigned code, const char *status, const char *text)
{
	struct job_result r = { .outcome = JOB_REJECTED,
		.scope = JOB_SCOPE_MESSAGE,
		.code = code };

	strlcpy(r.status, status, sizeof(r.status));
	strlcpy(r.text, text, sizeof(r.text));
	return r;
}

static void
only_a_refusal_of_that_from_counts(void **state)
{
	static const struct {
		unsigned code;
		const char *status, *text;
		bool is_shop, is_box;
	} cases[] = {
		{ 554, "5.2.252",
		    "SendAsDenied; " BOX " not allowed to send as Shop@contoso"
		    ".com; STOREDRV.Submission",
		    true, false },
		{ 554, "5.2.252",
		    "SendAsDenied; " BOX " not allowed to send as " BOX "; S",
		    false, true },
		{ 554, "5.2.252",
		    "SendAsDenied; " BOX " not allowed to send as x@y.z; S",
		    false, false },
		{ 554, "5.2.0", "STOREDRV.Submission.Exception:SendAsDenied",
		    true, false },
		{ 550, "5.7.60",
		    "SMTP; Client does not have permissions to send as this "
		    "sender",
		    true, false },
		/* Of the whole mailbox; and what is none. */
		{ 550, "5.2.252",
		    "Sender throttled due to continuous send as denied errors.",
		    false, false },
		{ 550, "5.7.1", "not allowed to send as " SHOP, false, false },
		{ 554, "5.2.0", "SubmissionQuotaExceeded", false, false },
	};
	struct job_result r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = refusal(cases[i].code, cases[i].status, cases[i].text);
		assert_int_equal(denied_by(&r, SHOP), cases[i].is_shop);
		assert_int_equal(denied_itself(&r, BOX), cases[i].is_box);
		r.outcome = JOB_DEFERRED;
		assert_false(denied_by(&r, SHOP));
		r.outcome = JOB_REJECTED;
		r.scope = JOB_SCOPE_ACCOUNT;
		assert_false(denied_by(&r, SHOP));
		assert_false(denied_itself(&r, BOX));
	}
}

static bool
is_known(struct world *w, const char *mailbox, const char *from, int64_t now)
{
	int64_t at;
	int found = denied_find(w->s, mailbox, from, now, &at, &w->e);

	assert_int_not_equal(found, -1);
	return found == 1;
}

static void
a_pair_is_known_for_hours_whatever_restarts(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	assert_int_equal(denied_note(w->s, BOX, SHOP, T0, &w->e), 0);
	fixture_commit(w->s);
	w->s = fixture_reopen(w->s, w->directory);
	assert_true(is_known(w, BOX, SHOP, T0 + 6 * 3600 - 1));
	assert_true(is_known(w, "Alerts@Contoso.com", "SHOP@contoso.com", T0));
	assert_false(is_known(w, BOX, SHOP, T0 + 6 * 3600));
	assert_false(is_known(w, BOX, "x" SHOP, T0));
	assert_false(is_known(w, "x" BOX, SHOP, T0));
	/* By a clock that was set back it is no longer than by another. */
	assert_true(is_known(w, BOX, SHOP, T0 - 1000000));
}

static void
it_follows_the_clock_and_is_forgotten(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	assert_int_equal(denied_note(w->s, BOX, SHOP, T0, &w->e), 0);
	assert_int_equal(store_move_times(w->s, 100000, &w->e), 0);
	fixture_commit(w->s);
	assert_true(is_known(w, BOX, SHOP, T0 + 100000));
	assert_false(is_known(w, BOX, SHOP, T0 + 100000 + 6 * 3600));
	fixture_begin(w->s);
	assert_int_equal(denied_forget(w->s, T0 + 100000, &w->e), 0);
	fixture_commit(w->s);
	assert_true(is_known(w, BOX, SHOP, T0 + 100000));
	fixture_begin(w->s);
	assert_int_equal(denied_forget(w->s, T0 + 100001 + 6 * 3600, &w->e), 0);
	fixture_commit(w->s);
	assert_false(is_known(w, BOX, SHOP, T0 + 100000));
}

static void
one_or_all_are_lifted(void **state)
{
	struct world *w = *state;

	fixture_begin(w->s);
	assert_int_equal(denied_note(w->s, BOX, "a@x.y", T0, &w->e), 0);
	assert_int_equal(denied_note(w->s, BOX, "b@x.y", T0, &w->e), 0);
	assert_int_equal(denied_note(w->s, BOX, "c@x.y", T0, &w->e), 0);
	assert_int_equal(store_fact_put(w->s, "paused", "yes", &w->e), 0);
	assert_int_equal(denied_lift(w->s, BOX, "A@x.y", &w->e), 0);
	fixture_commit(w->s);
	assert_false(is_known(w, BOX, "a@x.y", T0));
	assert_true(is_known(w, BOX, "b@x.y", T0));
	fixture_begin(w->s);
	assert_int_equal(denied_lift(w->s, NULL, NULL, &w->e), 0);
	fixture_commit(w->s);
	assert_false(is_known(w, BOX, "b@x.y", T0));
	assert_false(is_known(w, BOX, "c@x.y", T0));
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_from_that_goes_out_counts),
		cmocka_unit_test(only_a_refusal_of_that_from_counts),
		CASE(a_pair_is_known_for_hours_whatever_restarts),
		CASE(it_follows_the_clock_and_is_forgotten),
		CASE(one_or_all_are_lifted),
	};

	return cmocka_run_group_tests_name("denied", tests, NULL, NULL);
}
