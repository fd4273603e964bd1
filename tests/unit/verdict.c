/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/reply.h"
#include "mail/verdict.h"

/* clang-format off */
#define CONN_LATER  JOB_DEFERRED, JOB_SCOPE_CONNECTION
#define HOLD        JOB_REJECTED, JOB_SCOPE_ACCOUNT
#define ACCT_WAIT   JOB_DEFERRED, JOB_SCOPE_ACCOUNT
#define MSG_LATER   JOB_DEFERRED, JOB_SCOPE_MESSAGE
#define MSG_NEVER   JOB_REJECTED, JOB_SCOPE_MESSAGE
#define RCPT_LATER  JOB_DEFERRED, JOB_SCOPE_RECIPIENT
#define RCPT_NEVER  JOB_REJECTED, JOB_SCOPE_RECIPIENT

static const struct {
	enum phase at;
	const char *line;
	enum job_outcome outcome;
	enum job_scope scope;
	const char *status;
} cases[] = {
	/* by first digit: nothing before MAIL is a message's fault */
	{ PHASE_GREETING, "554 no", CONN_LATER, "5.0.0" },
	{ PHASE_GREETING, "450 no", CONN_LATER, "4.0.0" },
	{ PHASE_EHLO, "550 no", CONN_LATER, "5.0.0" },
	{ PHASE_STARTTLS, "454 4.7.0 no", CONN_LATER, "4.7.0" },
	/* whatever it says: without TLS there is no going on */
	{ PHASE_STARTTLS, "530 5.7.0 no", CONN_LATER, "5.7.0" },
	{ PHASE_STARTTLS, "550 5.2.252 Sender throttled", CONN_LATER, "5.2.252" },
	{ PHASE_AUTH, "500 what", HOLD, "5.0.0" },
	{ PHASE_AUTH, "454 4.7.0 later", CONN_LATER, "4.7.0" },
	{ PHASE_AUTH, "552 5.3.4 too large", HOLD, "5.3.4" },
	{ PHASE_EHLO, "550 5.1.1 no such user", CONN_LATER, "5.1.1" },
	{ PHASE_MAIL, "553 no", MSG_NEVER, "5.0.0" },
	{ PHASE_MAIL, "450 no", MSG_LATER, "4.0.0" },
	{ PHASE_RCPT, "553 no", RCPT_NEVER, "5.0.0" },
	{ PHASE_RCPT, "450 4.2.1 no", RCPT_LATER, "4.2.1" },
	{ PHASE_DATA, "554 no", MSG_NEVER, "5.0.0" },
	{ PHASE_FINAL, "554 5.6.0 no", MSG_NEVER, "5.6.0" },
	{ PHASE_FINAL, "451 no", MSG_LATER, "4.0.0" },
	/* 421 closes the connection in every state */
	{ PHASE_GREETING, "421 bye", CONN_LATER, "4.0.0" },
	{ PHASE_AUTH, "421 4.7.66 TLS 1.0 and 1.1 are not supported.", CONN_LATER, "4.7.66" },
	{ PHASE_MAIL, "421 bye", CONN_LATER, "4.0.0" },
	{ PHASE_RCPT, "421 bye", CONN_LATER, "4.0.0" },
	{ PHASE_DATA, "421 bye", CONN_LATER, "4.0.0" },
	{ PHASE_FINAL, "421 4.4.1 Connection timed out", CONN_LATER, "4.4.1" },
	{ PHASE_FINAL, "421 4.2.0 SendAsDenied", CONN_LATER, "4.2.0" },
	/* a row's text in a 4yz takes nothing away */
	{ PHASE_FINAL, "451 4.2.0 SendAsDenied", MSG_LATER, "4.2.0" },
	{ PHASE_RCPT, "451 4.2.0 SendAsDenied", RCPT_LATER, "4.2.0" },
	/* the account, in every state */
	{ PHASE_AUTH, "535 5.7.3 Authentication unsuccessful [x]", HOLD, "5.7.3" },
	{ PHASE_AUTH, "535 5.7.139 Authentication unsuccessful, account locked. Contact", ACCT_WAIT, "5.7.139" },
	{ PHASE_AUTH, "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", HOLD, "5.7.139" },
	{ PHASE_AUTH, "535 5.7.139 never seen before", HOLD, "5.7.139" },
	{ PHASE_AUTH, "535 no", HOLD, "5.0.0" },
	{ PHASE_MAIL, "530 5.7.57 Client not authenticated to send mail.", HOLD, "5.7.57" },
	{ PHASE_RCPT, "530 sign in", HOLD, "5.0.0" },
	{ PHASE_MAIL, "550 5.7.30 Basic authentication is not supported", HOLD, "5.7.30" },
	/* one enhanced status, two codes, two meanings */
	{ PHASE_FINAL, "554 5.2.252 SendAsDenied; x not allowed to send as y", MSG_NEVER, "5.2.252" },
	{ PHASE_FINAL, "550 5.2.252 Sender throttled due to continuous send as denied errors.", ACCT_WAIT, "5.2.252" },
	{ PHASE_FINAL, "550 5.2.251 Sender throttled", ACCT_WAIT, "5.2.251" },
	{ PHASE_FINAL, "550 5.2.255 Sender throttled", ACCT_WAIT, "5.2.255" },
	/* 5.2.0 covers three things */
	{ PHASE_FINAL, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException", MSG_NEVER, "5.2.0" },
	{ PHASE_FINAL, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", ACCT_WAIT, "5.2.0" },
	{ PHASE_FINAL, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException", HOLD, "5.2.0" },
	{ PHASE_FINAL, "554 5.2.2 mailbox full; STOREDRV.Submission", HOLD, "5.2.2" },
	{ PHASE_FINAL, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", CONN_LATER, "4.3.2" },
	{ PHASE_AUTH, "432 4.3.2 Concurrent connections limit exceeded.", CONN_LATER, "4.3.2" },
	{ PHASE_MAIL, "451 4.7.500 Server busy. Please try again later from [192.0.2.1].", CONN_LATER, "4.7.500" },
	/* a reply to RCPT is about its recipient, a later one about all */
	{ PHASE_RCPT, "552 5.3.4 Message size exceeds", RCPT_NEVER, "5.3.4" },
	{ PHASE_RCPT, "452 4.5.3 Too many recipients", RCPT_LATER, "4.5.3" },
	{ PHASE_FINAL, "550 5.1.10 not found", MSG_NEVER, "5.1.10" },
	{ PHASE_RCPT, "550 5.1.10 not found", RCPT_NEVER, "5.1.10" },
	{ PHASE_FINAL, "550 5.1.90 Your message can't be sent", ACCT_WAIT, "5.1.90" },
	{ PHASE_FINAL, "550 5.7.236 limit", ACCT_WAIT, "5.7.236" },
};
/* clang-format on */

static void
judge(enum phase at, const char *line, struct job_result *out)
{
	struct reply r;
	struct err e;

	reply_init(&r);
	assert_int_equal(reply_parse_line(&r, line, strlen(line), &e), 1);
	verdict_reply(at, &r, out);
	reply_clear(&r);
}

static void
replies_mean_what_they_should(void **state)
{
	struct job_result out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge(cases[i].at, cases[i].line, &out);
		if (out.outcome != cases[i].outcome ||
		    out.scope != cases[i].scope)
			print_message("# %s: outcome %d, scope %d\n",
			    cases[i].line, out.outcome, out.scope);
		assert_int_equal(out.outcome, cases[i].outcome);
		assert_int_equal(out.scope, cases[i].scope);
		assert_string_equal(out.status, cases[i].status);
		assert_string_equal(out.text,
		    cases[i].line[3] == '\0' ? "" : cases[i].line + 4);
	}
}

static void
waits_and_words(void **state)
{
	struct job_result out;
	struct err e;

	(void)state;
	judge(PHASE_AUTH, "535 5.7.139 account locked.", &out);
	assert_int_equal(out.wait_s, 15 * 60);
	assert_non_null(strstr(out.meaning, "locked"));
	judge(PHASE_FINAL, "550 5.2.252 Sender throttled", &out);
	assert_true(out.wait_s >= 3600);
	judge(PHASE_FINAL, "554 unknown", &out);
	assert_string_equal(out.phase, "end of data");
	err_set(&e, ERR_TEMP, "4.4.2", "timed out");
	verdict_error(PHASE_MAIL, &e, &out);
	assert_int_equal(out.outcome, JOB_DEFERRED);
	assert_int_equal(out.scope, JOB_SCOPE_CONNECTION);
	assert_int_equal(out.code, 0);
	assert_string_equal(out.phase, "MAIL FROM");
}

#define AGAIN "Nothing to do: it is tried again by itself."

/* What no row knows, by the class and the phase: how the words begin. */
static const struct {
	enum phase at;
	const char *line, *meaning, *fix;
} defaults[] = {
	{ PHASE_GREETING, "554 no", "The server takes no mail from this host",
	    AGAIN " If it lasts, check account.host" },
	{ PHASE_EHLO, "421 bye", "The server takes no mail from this host",
	    AGAIN " If it lasts, check account.host" },
	{ PHASE_AUTH, "454 4.7.0 x", "The server could not sign the account in",
	    AGAIN " If it lasts, check account.user" },
	{ PHASE_AUTH, "500 what", "The server refused the sign-in.",
	    "Check account.user, account.auth and" },
	/* Words of a message's fault would mislead here. */
	{ PHASE_AUTH, "552 5.3.4 x", "The server refused the sign-in.",
	    "Check account.user, account.auth and" },
	{ PHASE_MAIL, "421 bye", "The server ended the session and did not",
	    AGAIN },
	{ PHASE_FINAL, "421 bye", "The server ended the session and did not",
	    AGAIN },
	{ PHASE_MAIL, "450 no", "The server put the message off for now.",
	    AGAIN },
	{ PHASE_FINAL, "451 4.3.0 Not now",
	    "The server put the message off for now.", AGAIN },
	{ PHASE_RCPT, "450 no", "The server put this recipient off for now.",
	    AGAIN },
	/* The status adds nothing: this is said of mail that comes too fast. */
	{ PHASE_RCPT, "450 4.2.1 x",
	    "The server put this recipient off for now.", AGAIN },
	{ PHASE_DATA, "554 no", "The server refused the message for good.",
	    "Mend what the server's words name, and" },
	{ PHASE_FINAL, "554 5.6.0 no",
	    "The server refused the message for good. There is something wrong "
	    "with the content",
	    "Mend what the server's words name, and" },
	{ PHASE_RCPT, "553 no", "The server refused this recipient for good.",
	    "Check the address; " },
};

static bool
begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) == 0)
		return true;
	print_message("# \"%s\" is not \"%s...\"\n", text, with);
	return false;
}

static void
what_no_row_knows_has_words(void **state)
{
	static const char *const plain[] = { "555 x", "555 5.0.0 x",
		"559 5.9.9 x" };
	struct job_result out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		judge(defaults[i].at, defaults[i].line, &out);
		assert_true(begins(out.meaning, defaults[i].meaning));
		if (out.outcome == JOB_DEFERRED &&
		    out.scope >= JOB_SCOPE_MESSAGE)
			assert_string_equal(out.meaning, defaults[i].meaning);
		assert_true(begins(out.fix, defaults[i].fix));
	}
	/* A status without a meaning adds nothing, and neither does none. */
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		judge(PHASE_FINAL, plain[i], &out);
		assert_string_equal(
		    out.meaning, "The server refused the message for good.");
	}
}

/* In no phase is there a refusal or a failure without words. */
static void
every_phase_has_words(void **state)
{
	static const char *const lines[] = { "421 x", "450 x", "459 4.9.9 x",
		"432 4.3.2 x", "555 x", "599 5.9.9 x" };
	struct job_result out;
	struct err e;
	size_t i;
	int at;

	(void)state;
	err_set(&e, ERR_TEMP, "4.4.2", "timed out");
	for (at = PHASE_CONNECT; at <= PHASE_QUIT; at++) {
		for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			judge((enum phase)at, lines[i], &out);
			assert_true(out.meaning[0] != '\0');
			assert_true(out.fix[0] != '\0');
			assert_true(
			    strlen(out.meaning) < sizeof(out.meaning) - 1);
		}
		verdict_error((enum phase)at, &e, &out);
		assert_true(out.meaning[0] != '\0');
		assert_true(begins(out.fix, AGAIN));
		assert_true(strlen(out.fix) < sizeof(out.fix) - 1);
	}
	verdict_error(PHASE_RCPT, &e, &out);
	assert_string_equal(
	    out.meaning, "The connection failed before the message was sent.");
	verdict_error(PHASE_FINAL, &e, &out);
	assert_string_equal(out.meaning,
	    "The connection failed before the server said whether it took the "
	    "message.");
}

/* A reply that is what the row gives brings the row's words. */
static void
every_row_has_words(void **state)
{
	const struct verdict_row *r;
	struct job_result out;
	char line[256], *p;
	size_t i;

	(void)state;
	for (i = 0; (r = verdict_row(i)) != NULL; i++) {
		snprintf(line, sizeof(line), "%u %s%s%s",
		    r->code != 0 ? r->code : 550,
		    r->status == NULL ? "" : r->status,
		    r->status == NULL ? "" : " ",
		    r->text == NULL ? "" : r->text);
		for (p = line; *p != '\0'; p++)
			if (*p == '?')
				*p = '1';
		judge(PHASE_FINAL, line, &out);
		assert_string_equal(out.meaning, r->meaning);
		assert_string_equal(out.fix, r->fix);
		assert_true(out.meaning[0] != '\0');
		assert_true(out.fix[0] != '\0');
	}
}

/* Does row j take every reply that row i could? */
static bool
shadows(const struct verdict_row *j, const struct verdict_row *i)
{
	if (j->code != 0 && j->code != i->code)
		return false;
	if (j->status != NULL &&
	    (i->status == NULL || strcmp(j->status, i->status) != 0))
		return false;
	return j->text == NULL ||
	       (i->text != NULL && strcasestr(i->text, j->text) != NULL);
}

static void
every_row_can_match(void **state)
{
	const struct verdict_row *r, *above;
	struct job_result out;
	size_t i, j;

	(void)state;
	for (i = 0; (r = verdict_row(i)) != NULL; i++) {
		assert_true(strlen(r->meaning) < sizeof(out.meaning));
		assert_true(strlen(r->fix) < sizeof(out.fix));
		/* A longer wait does not fit the contract. */
		assert_true(r->wait_s <= JOB_WAIT_MAX_S);
		for (j = 0; j < i; j++) {
			above = verdict_row(j);
			if (shadows(above, r))
				print_message(
				    "# row %zu hides row %zu\n", j, i);
			assert_false(shadows(above, r));
		}
	}
}

/* By the reply alone, as the queue keeps it. */
static void
classes_that_the_queue_asks_for(void **state)
{
	struct job_result out;

	(void)state;
	judge(PHASE_AUTH, "432 4.3.2 Concurrent connections limit exceeded.",
	    &out);
	assert_true(verdict_is(&out, VERDICT_CROWDED));
	assert_false(verdict_is(&out, VERDICT_DOUBTFUL));
	judge(
	    PHASE_FINAL, "430 4.2.0 STOREDRV; mailbox logon failure; x", &out);
	assert_true(verdict_is(&out, VERDICT_DOUBTFUL));
	judge(PHASE_FINAL, "250 2.0.0 concurrent", &out);
	assert_false(verdict_is(&out, VERDICT_CROWDED));
	judge(PHASE_FINAL, "451 4.3.0 x", &out);
	assert_false(verdict_is(&out, VERDICT_CROWDED));
}

/* It ends a stay at the legacy host, and holds, with any code it may have. */
static void
not_opted_in_is_the_account_s_with_any_code(void **state)
{
	static const enum phase phases[] = { PHASE_EHLO, PHASE_AUTH, PHASE_MAIL,
		PHASE_RCPT, PHASE_DATA, PHASE_FINAL };
	static const unsigned codes[] = { 421, 451, 454, 535, 550 };
	struct job_result out;
	char line[128];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		for (j = 0; j < sizeof(codes) / sizeof(codes[0]); j++) {
			snprintf(line, sizeof(line),
			    "%u 5.7.67 TLS 1.0 and 1.1 are not supported by "
			    "your organization",
			    codes[j]);
			judge(phases[i], line, &out);
			assert_int_equal(out.scope, JOB_SCOPE_ACCOUNT);
			assert_int_equal(out.outcome, JOB_REJECTED);
			assert_true(verdict_is(&out, VERDICT_NOT_OPTED));
			assert_non_null(
			    strstr(out.fix, "AllowLegacyTLSClients"));
		}
	/* In clear anybody can say it, and without TLS there is no going on. */
	judge(PHASE_STARTTLS, "550 5.7.67 TLS 1.0", &out);
	assert_int_equal(out.scope, JOB_SCOPE_CONNECTION);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_mean_what_they_should),
		cmocka_unit_test(waits_and_words),
		cmocka_unit_test(what_no_row_knows_has_words),
		cmocka_unit_test(every_phase_has_words),
		cmocka_unit_test(every_row_has_words),
		cmocka_unit_test(every_row_can_match),
		cmocka_unit_test(classes_that_the_queue_asks_for),
		cmocka_unit_test(not_opted_in_is_the_account_s_with_any_code),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
