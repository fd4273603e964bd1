/* SPDX-License-Identifier: ISC */
/*
 * What the replies of Exchange Online mean.  A row is added by writing it
 * down: the first that matches counts, so special ones stand above general
 * ones.  Each names where its text is from; meanings and fixes are ours.
 */
#include "config.h"

#include <stddef.h>

#include "delivery/verdict.h"

#define MINUTES 60
#define HOURS   3600

#define SWITCH_ON \
	"Enable SMTP AUTH: Set-CASMailbox MAILBOX " \
	"-SmtpClientAuthenticationDisabled $false, or for the tenant " \
	"Set-TransportConfig -SmtpClientAuthenticationDisabled $false."
#define USE_OAUTH "Use OAuth instead of a password (account.auth = xoauth2)."
#define GRANT_SENDAS \
	"Send under the mailbox's own address (account.rewrite = auto), or " \
	"grant it: Add-RecipientPermission FROM -Trustee MAILBOX " \
	"-AccessRights SendAs."
#define FIX_AND_WAIT \
	"Mend the cause, then wait: Microsoft lifts this by itself and its " \
	"support cannot."
#define UNBLOCK \
	"Unblock the sender under Restricted entities in the Defender " \
	"portal; it takes about an hour."
#define ONE_DAY "Nothing: mail goes on when the 24 hours are over."

/*
 * Where each is from, so that a doubtful one can be looked up again.  NDR are
 * Microsoft's articles on non-delivery reports, MicrosoftDocs/SupportArticles-
 * docs; reports are public logs and issues that quote the text.
 */
#define TEAM_TLS "Exchange Team Blog 2659652"
#define LEGACY \
	"Microsoft, Alchemy Insights: legacy endpoint for SMTP AUTH; its " \
	"reply code is not confirmed"
#define SUBMISSION "Microsoft, \"Improvements in SMTP AUTH client submission\""
#define REPORTS_432 \
	"techcommunity.microsoft.com 607825; reports of STOREDRV texts"
#define APP_MAILBOX \
	"simonrob/email-oauth2-proxy issue 271; Microsoft, Business " \
	"Central: SMTP with OAuth"
#define EXCHANGE_SERVER \
	"Exchange Server's wording; not confirmed for Exchange Online"
#define NDR_451        "NDR article on 451 4.7.500-699"
#define REPORTS_PROXY  "jstedfast/MailKit issue 566; oauth2ms issue 5"
#define REPORTS_AUTH   "reports of the 535 5.7.139 texts, many and independent"
#define REPORTS_LOCKED "reports of 2026; Microsoft, Entra: smart lockout"
#define PRINTERS \
	"Microsoft, \"Fix issues with printers, scanners, and LOB " \
	"applications\""
#define HIGH_VOLUME "Microsoft, \"OAuth for High Volume Email\"; sasl-xoauth2"
#define TEAM_BASIC  "Exchange Team Blog 4114750"
#define OAUTH \
	"Microsoft, \"Authenticate an IMAP, POP or SMTP connection using " \
	"OAuth\""
#define REPORTS_PLAIN "QuantumNous/new-api issue 1989"
#define NDR_5757      "NDR article on 5.7.57"
#define RFC_AUTH      "RFC 4954 4, 6"
#define THROTTLING \
	"Microsoft, \"Continuous error throttling for SMTP AUTH submissions\""
#define REPORTS_SENDAS   "pkp/pkp-lib issue 7412; a log of November 2025"
#define QUOTA            "Microsoft's support article on the submission quota"
#define NDR_LIST         "Microsoft, \"Non-delivery reports in Exchange Online\""
#define TEAM_TERRL       "Exchange Team Blog; MC1023294"
#define TEAM_MOERA       "Exchange Team Blog; MC1302901"
#define REPORTS_SPAM     "reports of OutboundSpamException"
#define SENT_ITEMS       "reports; Microsoft, Set-Mailbox"
#define NDR_518          "NDR article on 550 5.1.8"
#define NDR_57XX         "NDR articles on 550 5.7.703 to 5.7.750"
#define NDR_5764         "NDR article on TenantAttribution"
#define TEAM_DIRECT      "Exchange Team Blog 4408790"
#define REPORTS_SIZE     "reports of MapiExceptionMaxSubmissionExceeded"
#define NDR_5120         "NDR article on 550 5.1.20; MC886603"
#define REPORTS_DIALOGUE "git's mailing list, a session of April 2025"
#define RFC_SMTP         "RFC 5321 4.2.2"

/* clang-format off */
const struct verdict_row verdict_rows[] = {
	/* Connection, rate, capacity. */
	{ 421, "4.7.66", NULL, VERDICT_CONNECTION, 0,
	    "The server refused TLS 1.0 and 1.1.",
	    "Something between here and Microsoft lowers the TLS version, or "
	    "this host's OpenSSL cannot do TLS 1.2; for old clients there is "
	    "smtp-legacy.office365.com with Set-TransportConfig "
	    "-AllowLegacyTLSClients $true.",
	    TEAM_TLS },
	{ 0, "5.7.67", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The tenant does not allow TLS below 1.2.",
	    "Ask for Set-TransportConfig -AllowLegacyTLSClients $true, or use "
	    "the normal endpoint.",
	    LEGACY },
	{ 432, NULL, "concurrent", VERDICT_CONNECTION, 10,
	    "More than 3 connections at once for this mailbox.",
	    "Look for other programs and devices that use the mailbox, or "
	    "lower account.connections.",
	    SUBMISSION },
	{ 432, NULL, "sender thread limit", VERDICT_CONNECTION, 10,
	    "More than 3 connections at once for this mailbox.",
	    "Look for other programs and devices that use the mailbox, or "
	    "lower account.connections.",
	    REPORTS_432 },
	{ 432, NULL, "recipient thread limit", VERDICT_MESSAGE_LATER, 0,
	    "The recipient's mailbox is busy.", "Nothing: it is tried again.",
	    REPORTS_432 },
	{ 430, "4.2.0", "mailbox logon failure", VERDICT_MESSAGE_LATER, 0,
	    "The account signed in but may not open the mailbox, or the "
	    "mailbox server is in trouble.",
	    "If it lasts: Add-MailboxPermission MAILBOX -User PRINCIPAL "
	    "-AccessRights FullAccess.",
	    APP_MAILBOX },
	{ 0, NULL, "submission rate for this client", VERDICT_CONNECTION, 60,
	    "The server's sending rate is reached.",
	    "Lower account.rate if it comes again.",
	    EXCHANGE_SERVER },
	{ 451, NULL, "server busy", VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.",
	    "Ask Microsoft's delisting portal if it lasts.",
	    NDR_451 },
	{ 451, NULL, "access denied, please try again later",
	    VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.",
	    "Ask Microsoft's delisting portal if it lasts.",
	    NDR_451 },
	{ 451, "4.7.0", "temporary server error", VERDICT_CONNECTION, 0,
	    "Exchange Online has a temporary failure inside.",
	    "If it lasts, check the user name, the token and the tenant.",
	    REPORTS_PROXY },
	{ 452, "4.5.3", NULL, VERDICT_RECIPIENT_LATER, 0,
	    "Too many recipients in one message.",
	    "Nothing: the rest is sent again; account.recipients_per_message "
	    "can be lowered.",
	    EXCHANGE_SERVER },
	{ 452, "4.3.1", NULL, VERDICT_CONNECTION, 0,
	    "The server is out of resources.", "Nothing: it is tried again.",
	    EXCHANGE_SERVER },

	/* Authentication. */
	{ 535, "5.7.139", "disabled for the tenant", VERDICT_ACCOUNT_HOLD, 0,
	    "SMTP AUTH is switched off for the whole tenant.", SWITCH_ON,
	    REPORTS_AUTH },
	{ 535, "5.7.139", "disabled for the mailbox", VERDICT_ACCOUNT_HOLD, 0,
	    "SMTP AUTH is switched off for this mailbox.", SWITCH_ON,
	    REPORTS_AUTH },
	{ 535, "5.7.139", "basic authentication is disabled",
	    VERDICT_ACCOUNT_HOLD, 0,
	    "Signing in with a password is switched off.", USE_OAUTH,
	    REPORTS_AUTH },
	{ 535, "5.7.139", "user credentials were incorrect",
	    VERDICT_ACCOUNT_HOLD, 0,
	    "User name or password is wrong, or the account has MFA.",
	    "Check account.user (the full address) and the password; with MFA "
	    "use OAuth.",
	    REPORTS_AUTH },
	{ 535, "5.7.139", "did not meet the criteria", VERDICT_ACCOUNT_HOLD, 0,
	    "A Conditional Access policy, or another one, forbids the sign-in.",
	    "Exclude the account from the policy, or use OAuth with client "
	    "credentials.",
	    REPORTS_AUTH },
	{ 535, "5.7.139", "security defaults", VERDICT_ACCOUNT_HOLD, 0,
	    "The tenant's security defaults forbid passwords for SMTP.",
	    USE_OAUTH,
	    REPORTS_AUTH },
	{ 535, "5.7.139", "account locked", VERDICT_ACCOUNT_WAIT, 15 * MINUTES,
	    "The account is locked for a while after failed sign-ins.",
	    "Find who signs in with a wrong password; the lock ends by "
	    "itself.",
	    REPORTS_LOCKED },
	{ 535, "5.7.139", "STS service was unreachable", VERDICT_ACCOUNT_WAIT,
	    15 * MINUTES,
	    "The organisation's federation server cannot be reached.",
	    "Tell those who run it; it is tried again.",
	    PRINTERS },
	{ 535, "5.7.139", "STS URL does not support", VERDICT_ACCOUNT_HOLD, 0,
	    "The organisation's federation server is set up wrongly.",
	    "Tell those who run it.",
	    PRINTERS },
	{ 535, "5.7.139", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sign-in was refused.",
	    "See the server's text; https://aka.ms/smtp_auth_disabled and the "
	    "sign-in log in Entra tell more.",
	    REPORTS_AUTH },
	{ 535, "5.7.142", NULL, VERDICT_CONNECTION, 0,
	    "The token is about to expire.", "Nothing: a new one is fetched.",
	    HIGH_VOLUME },
	{ 535, "5.7.143", NULL, VERDICT_CONNECTION, 0,
	    "The token has expired.",
	    "Check that what writes account.token_file still runs.",
	    HIGH_VOLUME },
	{ 535, "5.7.144", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The application lacks the permission for High Volume Email.",
	    "Grant it in Entra.",
	    HIGH_VOLUME },
	{ 550, "5.7.240", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The application is not allowed for this High Volume account.",
	    "Run Add-HVEAppAccess with the object id of the Enterprise "
	    "application.",
	    HIGH_VOLUME },
	{ 550, "5.7.30", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "Exchange Online takes no passwords for SMTP any more.",
	    USE_OAUTH,
	    TEAM_BASIC },
	{ 535, "5.7.3", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sign-in was refused: wrong user or password; or a token that "
	    "Entra gave but Exchange does not take.",
	    "With a password: check it and account.user. With OAuth: "
	    "New-ServicePrincipal with the object id of the Enterprise "
	    "application, Add-MailboxPermission FullAccess, scope "
	    "https://outlook.office365.com/.default; wait up to an hour after "
	    "a change.",
	    OAUTH },
	{ 504, "5.7.4", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not know this way of signing in.",
	    "Exchange Online offers LOGIN and XOAUTH2: set account.auth.",
	    REPORTS_PLAIN },
	{ 530, "5.7.57", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a sign-in first.",
	    "Check account.user and its password or token.",
	    NDR_5757 },
	{ 530, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a sign-in first.",
	    "Set account.auth, account.user and a password or token.",
	    RFC_AUTH },
	{ 535, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "User name or password is wrong.",
	    "Check account.user and the password or token.",
	    RFC_AUTH },
	{ 534, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a stronger way of signing in.",
	    "Set account.auth to another that it offers.",
	    RFC_AUTH },
	{ 538, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants encryption for this way of signing in.",
	    "Set account.tls to starttls or implicit.",
	    RFC_AUTH },

	/*
	 * The sender throttled as a whole.  550 5.2.252 is this, 554 5.2.252 is
	 * one message's Send As refusal.
	 */
	{ 550, "5.2.251", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after repeated errors "
	    "\"mailbox full\".", FIX_AND_WAIT,
	    THROTTLING },
	{ 550, "5.2.252", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after repeated refusals "
	    "of Send As.", FIX_AND_WAIT,
	    THROTTLING },
	{ 550, "5.2.253", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox, which has no valid "
	    "licence.", FIX_AND_WAIT,
	    THROTTLING },
	{ 550, "5.2.254", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after messages with too "
	    "many recipients.", FIX_AND_WAIT,
	    THROTTLING },
	{ 550, "5.2.255", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after many invalid "
	    "recipients.", FIX_AND_WAIT,
	    THROTTLING },

	/* Sender's rights, quotas and blocks. */
	{ 0, NULL, "SendAsDenied", VERDICT_MESSAGE_NEVER, 0,
	    "The mailbox may not send under this From address.", GRANT_SENDAS,
	    REPORTS_SENDAS },
	{ 550, "5.7.60", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The mailbox may not send under this From address.", GRANT_SENDAS,
	    PRINTERS },
	{ 554, NULL, "SubmissionQuotaExceeded", VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    QUOTA },
	{ 0, NULL, "Submission quota exceeded", VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    QUOTA },
	{ 550, "5.1.90", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    NDR_LIST },
	{ 550, "5.7.233", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The tenant has reached its daily limit of external recipients.",
	    ONE_DAY,
	    TEAM_TERRL },
	{ 550, "5.7.236", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The tenant has reached the daily limit of onmicrosoft.com "
	    "senders.",
	    "Send under a domain of your own.",
	    TEAM_MOERA },
	{ 554, NULL, "OutboundSpam", VERDICT_ACCOUNT_HOLD, 0,
	    "The account is blocked for sending spam.",
	    "Sign in on the web and clear the block.",
	    REPORTS_SPAM },
	{ 554, "5.2.2", "mailbox full", VERDICT_ACCOUNT_HOLD, 0,
	    "The sending mailbox is full: each message leaves a copy in Sent "
	    "Items.",
	    "Empty it, or Set-Mailbox MAILBOX "
	    "-MessageCopyForSMTPClientSubmissionEnabled $false.",
	    SENT_ITEMS },
	{ 550, "5.1.8", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sender is blocked for spam.", UNBLOCK,
	    NDR_518 },
	{ 550, "5.7.501", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sender is blocked for spam.", UNBLOCK,
	    NDR_LIST },
	{ 550, "5.7.502", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sender is blocked for spam.", UNBLOCK,
	    NDR_LIST },
	{ 550, "5.7.503", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sender is blocked for spam.", UNBLOCK,
	    NDR_LIST },
	{ 550, "5.7.705", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The tenant is blocked: it sent too much, or spam.",
	    "Open a case with Microsoft support.",
	    NDR_57XX },
	{ 550, "5.7.708", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "Exchange Online takes no mail from this IP address.",
	    "Open a case with Microsoft support.",
	    NDR_57XX },
	{ 550, "5.7.750", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "Mail goes out under a domain that is not verified.",
	    "Add and verify the sender's domain in the tenant.",
	    NDR_57XX },
	{ 550, "5.7.64", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The connector does not match this host.",
	    "Check the connector's IP address or certificate, and the "
	    "sender's domain.",
	    NDR_5764 },
	{ 550, "5.7.68", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The tenant refuses Direct Send.",
	    "Sign in (account.user), or add a connector.",
	    TEAM_DIRECT },

	/* One message. */
	{ 552, "5.3.4", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The message is larger than the server takes.",
	    "Send it in parts, or a link instead.",
	    EXCHANGE_SERVER },
	{ 0, NULL, "MaxSubmissionExceeded", VERDICT_MESSAGE_NEVER, 0,
	    "The message is larger than the mailbox may send (MaxSendSize, "
	    "35 MB by default).",
	    "Send it in parts, or raise Set-Mailbox -MaxSendSize.",
	    REPORTS_SIZE },
	{ 550, "5.1.20", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "Several From addresses need a Sender.",
	    "Give one From address, or a Sender field.",
	    NDR_5120 },
	{ 0, "5.7.512", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The From field is malformed.",
	    "Write it as Name <address>.",
	    NDR_LIST },
	{ 550, "5.5.3", NULL, VERDICT_MESSAGE_LATER, 0,
	    "Too many recipients in one message.",
	    "Lower account.recipients_per_message.",
	    NDR_LIST },

	/* One recipient. */
	{ 550, "5.1.1", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "There is no such mailbox.", "Check the address.",
	    NDR_LIST },
	{ 550, "5.1.10", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "There is no such mailbox.", "Check the address.",
	    NDR_LIST },
	{ 550, "5.4.1", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The recipient's domain does not take this address.",
	    "Check the address.",
	    NDR_LIST },

	/* The dialogue itself: our fault, or of something in between. */
	{ 501, "5.5.4", "domain name", VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not like our EHLO name.",
	    "Set local.hostname to this host's full name.",
	    REPORTS_DIALOGUE },
	{ 503, NULL, NULL, VERDICT_CONNECTION, 0,
	    "The server lost the thread of the dialogue.",
	    "Nothing: it is tried again on a new connection.",
	    RFC_SMTP },
};
/* clang-format on */

const size_t verdict_rows_n = sizeof(verdict_rows) / sizeof(verdict_rows[0]);
