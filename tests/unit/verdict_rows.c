/* SPDX-License-Identifier: ISC */
/*
 * What each reply of Exchange Online means for mail, as its texts were seen
 * and by what they are known to be about: written down here a second time, so
 * that nobody changes a class without being asked whether he means it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/reply.h"
#include "delivery/verdict.h"

#define MINUTE 60U
#define HOUR   3600U

#define STOREDRV "STOREDRV.Submission.Exception:"

/* clang-format off */
static const struct {
	enum verdict_class class;
	unsigned wait_s;
	const char *line;
} cases[] = {
	/* This connection, or this account for a moment; no message pays. */
	{ VERDICT_CONNECTION, 0, "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to support TLS 1.2. Visit https://aka.ms/smtp_auth_tls. [host]" },
	{ VERDICT_CONNECTION, 10, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information." },
	{ VERDICT_CONNECTION, 10, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded [Hostname=x]" },
	{ VERDICT_CONNECTION, MINUTE, "421 4.4.2 Message submission rate for this client has exceeded the configured limit" },
	{ VERDICT_CONNECTION, HOUR, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)" },
	{ VERDICT_CONNECTION, HOUR, "451 4.7.650 Server busy. Please try again later from [192.0.2.1]. (S77719)" },
	{ VERDICT_CONNECTION, HOUR, "451 4.7.550 Access denied, please try again later" },
	{ VERDICT_CONNECTION, 0, "451 4.7.0 Temporary server error. Please try again later. PRX2 [host]" },
	{ VERDICT_CONNECTION, 0, "452 4.3.1 Insufficient system resources" },
	{ VERDICT_CONNECTION, 0, "535 5.7.142 Token is about to expire" },
	{ VERDICT_CONNECTION, 0, "535 5.7.143 Token expired" },
	{ VERDICT_CONNECTION, 0, "503 5.5.2 Send hello first" },
	{ VERDICT_CONNECTION, 0, "503 5.5.1 Bad sequence of commands" },

	/* The account, until somebody acts. */
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.67 TLS 1.0 and 1.1 are not supported by your organization" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator. [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, the federated STS URL does not support HTTPS." },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.139 Authentication unsuccessful, something that is new" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.144 Invalid API permissions" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.240 The application is not allowed for this account" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.30 Basic authentication is not supported for Client Submission." },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 5.7.3 Authentication unsuccessful [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "535 Authentication failed" },
	{ VERDICT_ACCOUNT_HOLD, 0, "504 5.7.4 Unrecognized authentication type [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "530 5.7.57 Client not authenticated to send mail. [Error: 535 5.7.139 ...] [x]" },
	{ VERDICT_ACCOUNT_HOLD, 0, "530 5.7.0 Authentication required" },
	{ VERDICT_ACCOUNT_HOLD, 0, "534 5.7.9 Authentication mechanism is too weak" },
	{ VERDICT_ACCOUNT_HOLD, 0, "538 5.7.11 Encryption required for requested authentication mechanism" },
	{ VERDICT_ACCOUNT_HOLD, 0, "554 5.2.0 " STOREDRV "OutboundSpamException; Failed to process message due to a permanent exception with message WASCL UserAction verdict is not None. Actual verdict is Suspend" },
	{ VERDICT_ACCOUNT_HOLD, 0, "554 5.2.2 mailbox full; " STOREDRV "QuotaExceededException.MapiExceptionShutoffQuotaExceeded" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.1.8 Access denied, bad outbound sender AS(42004)" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.501 Access denied, spam abuse detected" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.502 Access denied, banned sender" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.503 Access denied, banned sender" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.705 Access denied, tenant has exceeded threshold" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.708 Access denied, traffic not accepted from this IP" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domain(s)" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.64 TenantAttribution; Relay Access Denied" },
	{ VERDICT_ACCOUNT_HOLD, 0, "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources" },
	{ VERDICT_ACCOUNT_HOLD, 0, "501 5.5.4 Invalid domain name [x]" },

	/* The account, which mends itself in so long. */
	{ VERDICT_ACCOUNT_WAIT, 15 * MINUTE, "535 5.7.139 Authentication unsuccessful, account locked. Contact your administrator. [x]" },
	{ VERDICT_ACCOUNT_WAIT, 15 * MINUTE, "535 5.7.139 Authentication unsuccessful, federated STS service was unreachable." },
	{ VERDICT_ACCOUNT_WAIT, 4 * HOUR, "550 5.2.251 Sender throttled due to continuous mailbox full errors." },
	{ VERDICT_ACCOUNT_WAIT, 4 * HOUR, "550 5.2.252 Sender throttled due to continuous send as denied errors." },
	{ VERDICT_ACCOUNT_WAIT, 4 * HOUR, "550 5.2.253 Sender throttled due to continuous invalid license errors." },
	{ VERDICT_ACCOUNT_WAIT, 4 * HOUR, "550 5.2.254 Sender throttled due to continuous too many recipients errors." },
	{ VERDICT_ACCOUNT_WAIT, 4 * HOUR, "550 5.2.255 Sender throttled due to continuous invalid recipients errors." },
	{ VERDICT_ACCOUNT_WAIT, HOUR, "554 5.2.0 " STOREDRV "SubmissionQuotaExceededException" },
	{ VERDICT_ACCOUNT_WAIT, HOUR, "550 5.2.2 Submission quota exceeded" },
	{ VERDICT_ACCOUNT_WAIT, HOUR, "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients (AS:46601)" },
	{ VERDICT_ACCOUNT_WAIT, HOUR, "550 5.7.233 Your message can't be sent because your tenant has exceeded its daily limit for sending email to external recipients (tenant external recipient rate limit)" },
	{ VERDICT_ACCOUNT_WAIT, HOUR, "550 5.7.236 Your message can't be sent because your tenant exceeded its daily limit" },

	/* This message: later, or never. */
	{ VERDICT_MESSAGE_LATER, 0, "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded" },
	{ VERDICT_MESSAGE_LATER, 0, "430 4.2.0 STOREDRV; mailbox logon failure; " STOREDRV "ConnectionFailedTransientException.MapiExceptionLogonFailed" },
	{ VERDICT_MESSAGE_LATER, 0, "550 5.5.3 RESOLVER.ADR.RecipLimit; too many recipients" },
	{ VERDICT_MESSAGE_NEVER, 0, "554 5.2.252 SendAsDenied; login not allowed to send as from; " STOREDRV "SendAsDeniedException.MapiExceptionSendAsDenied" },
	{ VERDICT_MESSAGE_NEVER, 0, "554 5.2.0 " STOREDRV "SendAsDeniedException.MapiExceptionSendAsDenied" },
	{ VERDICT_MESSAGE_NEVER, 0, "550 5.7.60 SMTP; Client does not have permissions to send as this sender" },
	{ VERDICT_MESSAGE_NEVER, 0, "552 5.3.4 Message size exceeds fixed maximum message size" },
	{ VERDICT_MESSAGE_NEVER, 0, "552 5.3.4 Header size exceeds fixed maximum size" },
	{ VERDICT_MESSAGE_NEVER, 0, "554 5.2.3 MapiExceptionMaxSubmissionExceeded; Message size exceeds maximum size limit.; " STOREDRV "MessageSubmissionExceededException" },
	{ VERDICT_MESSAGE_NEVER, 0, "550 5.1.20 Multiple From addresses are not allowed without Sender address" },
	{ VERDICT_MESSAGE_NEVER, 0, "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant" },

	/* One recipient of several. */
	{ VERDICT_RECIPIENT_LATER, 0, "452 4.5.3 Too many recipients" },
	{ VERDICT_RECIPIENT_NEVER, 0, "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found" },
	{ VERDICT_RECIPIENT_NEVER, 0, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup" },
	{ VERDICT_RECIPIENT_NEVER, 0, "550 5.4.1 Recipient address rejected: Access denied" },
};
/* clang-format on */

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct verdict_row *
row_of(const char *line)
{
	const struct verdict_row *row;
	struct reply r;
	struct err e;

	reply_init(&r);
	assert_int_equal(reply_parse_line(&r, line, strlen(line), &e), 1);
	row = verdict_find(&r);
	reply_clear(&r);
	return row;
}

static void
each_has_the_class_and_the_wait_of_its_kind(void **state)
{
	const struct verdict_row *row;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		if ((row = row_of(cases[i].line)) == NULL)
			fail_msg("no row: %s", cases[i].line);
		if (row->class != cases[i].class ||
		    row->wait_s != cases[i].wait_s)
			fail_msg("class %d and %u s, not %d and %u s: %s",
			    row->class, row->wait_s, cases[i].class,
			    cases[i].wait_s, cases[i].line);
	}
}

static void
no_row_is_without_a_case(void **state)
{
	bool *met = calloc(verdict_rows_n, sizeof(*met));
	const struct verdict_row *row;
	size_t i;

	(void)state;
	assert_non_null(met);
	for (i = 0; i < LEN(cases); i++)
		if ((row = row_of(cases[i].line)) != NULL)
			met[row - verdict_rows] = true;
	for (i = 0; i < verdict_rows_n; i++)
		if (!met[i])
			fail_msg("no case for %u %s %s", verdict_rows[i].code,
			    verdict_rows[i].status, verdict_rows[i].text);
	free(met);
}

static void
each_names_its_source(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < verdict_rows_n; i++)
		if (verdict_rows[i].source == NULL ||
		    strlen(verdict_rows[i].source) < sizeof("RFC 1") - 1)
			fail_msg("%u %s %s: no source", verdict_rows[i].code,
			    verdict_rows[i].status, verdict_rows[i].text);
}

/* These mean what their first digit says: no row takes them. */
static void
others_have_no_row(void **state)
{
	static const char *const lines[] = {
		"421 4.3.2 Service not active",
		"421 4.4.1 Connection timed out",
		"450 4.7.3 Organization queue quota exceeded",
		"451 4.4.3 Temporary server error. Please try again later ATTR",
		"454 4.7.0 Temporary authentication failure",
		"500 5.3.3 Unrecognized command 'x'",
		"501 5.5.4 Invalid arguments",
		"501 5.1.7 Invalid address",
		"550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal",
		"550 5.7.703 Your message can't be delivered",
		"550 5.7.1 Delivery not authorized",
		"550 5.4.14 Hop count exceeded",
		"550 5.2.121 Recipient's per hour message receive limit",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(lines); i++)
		if (row_of(lines[i]) != NULL)
			fail_msg("a row takes: %s", lines[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_the_class_and_the_wait_of_its_kind),
		cmocka_unit_test(no_row_is_without_a_case),
		cmocka_unit_test(each_names_its_source),
		cmocka_unit_test(others_have_no_row),
	};

	return cmocka_run_group_tests_name("verdict_rows", tests, NULL, NULL);
}
