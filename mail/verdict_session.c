/* SPDX-License-Identifier: ISC */
/*
 * What Exchange Online says of a connection, of its own strength, of the
 * dialogue and of the sign-in.  A row is added by writing it down, here and in
 * docs/office365.md; a case for it goes to tests/data/exchange-online/rows.txt.
 */
#include "config.h"

#include <stddef.h>

#include "mail/verdict_priv.h"

#define SWITCH_ON \
	"Run Set-CASMailbox -Identity MAILBOX " \
	"-SmtpClientAuthenticationDisabled $false or, for the whole tenant, " \
	"Set-TransportConfig -SmtpClientAuthenticationDisabled $false"
#define USE_OAUTH \
	"Use OAuth instead of a password: account.auth = xoauth2 and " \
	"account.token_file."
#define FEWER \
	"Nothing: fewer connections are used for an hour. If it comes again, " \
	"look for other programs and devices that use MAILBOX, or lower " \
	"account.connections."
#define AGAIN "Nothing to do: it is tried again by itself."
#define DELIST \
	"Nothing at first: it is tried again by itself. If it lasts, ask " \
	"Microsoft's delisting portal, https://sender.office.com."
#define EHLO_NAME \
	"Set local.hostname to this host's full name, such as " \
	"web01.contoso.com."
#define NOT_OPTED "The tenant does not allow TLS below 1.2."
#define OPT_IN \
	"Ask for Set-TransportConfig -AllowLegacyTLSClients $true or use the " \
	"normal endpoint."
#define DIALOGUE \
	"Look for what stands between here and the server and changes what " \
	"is said (firewall, proxy, virus scanner); if there is nothing, it " \
	"is a fault of mailchute."

#define TEAM_TLS "Exchange Team Blog 2659652"
#define LEGACY \
	"Microsoft, Alchemy Insights: legacy endpoint for SMTP AUTH; its " \
	"reply code is not confirmed"
#define SUBMISSION "Microsoft, \"Improvements in SMTP AUTH client submission\""
#define APP_MAILBOX \
	"simonrob/email-oauth2-proxy issue 271; Microsoft, Business " \
	"Central: SMTP with OAuth"
#define NDR_451        "NDR article on 451 4.7.500-699"
#define REPORTS_PROXY  "jstedfast/MailKit issue 566; oauth2ms issue 5"
#define REPORTS_421    "jstedfast/MailKit issues 453 and 1106; haraka/Haraka 2321"
#define REPORTS_MX     "reports, of port 25 alone; not confirmed for submission"
#define REPORTS_AUTH   "reports of the 535 5.7.139 texts, many and independent"
#define REPORTS_LOCKED "reports of 2026; Microsoft, Entra: smart lockout"
#define HIGH_VOLUME    "Microsoft, \"OAuth for High Volume Email\"; sasl-xoauth2"
#define TEAM_BASIC     "Exchange Team Blog 4114750"
#define OAUTH \
	"Microsoft, \"Authenticate an IMAP, POP or SMTP connection using " \
	"OAuth\""
#define REPORTS_PLAIN "QuantumNous/new-api issue 1989"
#define NDR_5757      "NDR article on 5.7.57"
#define RFC_AUTH      "RFC 4954 4, 6"
#define RFC_TLS       "RFC 3207 4; not seen at Exchange Online"
#define RFC_SMTP      "RFC 5321 4.2.2"

/* clang-format off */
const struct verdict_row verdict_session_rows[] = {
	/* Connection, rate, capacity. */
	{ 421, "4.7.66", NULL, VERDICT_CONNECTION, 0,
	    "The server refused TLS 1.0 and 1.1.",
	    "Something between here and Microsoft lowers the TLS version, or "
	    "this host's OpenSSL cannot do TLS 1.2; for old clients there is "
	    "smtp-legacy.office365.com with Set-TransportConfig "
	    "-AllowLegacyTLSClients $true",
	    TEAM_TLS },
	{ 0, "5.7.67", NULL, VERDICT_NOT_OPTED, 0, NOT_OPTED, OPT_IN, LEGACY },
	/* Behind 4yz it is no status of RFC 2034, and part of the text. */
	{ 0, NULL, "5.7.67 TLS", VERDICT_NOT_OPTED, 0, NOT_OPTED, OPT_IN,
	    LEGACY },
	{ 421, "4.3.2", NULL, VERDICT_CONNECTION, 0,
	    "The server that answered is not in service just now.", AGAIN,
	    REPORTS_421 },
	{ 421, "4.4.1", NULL, VERDICT_CONNECTION, 0,
	    "The server ended a session that was idle or long.", AGAIN,
	    REPORTS_421 },
	{ 0, NULL, "submission rate for this client", VERDICT_CONNECTION, 60,
	    "The server's sending rate is reached.",
	    "Nothing at first; lower account.rate if it comes again.",
	    EXCHANGE_SERVER },
	{ 432, NULL, "concurrent", VERDICT_CROWDED, 10,
	    "More than 3 connections at once for this mailbox.", FEWER,
	    SUBMISSION },
	{ 432, NULL, "sender thread limit", VERDICT_CROWDED, 10,
	    "More than 3 connections at once for this mailbox.", FEWER,
	    REPORTS_STOREDRV },
	{ 432, NULL, "recipient thread limit", VERDICT_MESSAGE_LATER, 0,
	    "The recipient's mailbox is busy.", AGAIN,
	    REPORTS_STOREDRV },
	{ 430, "4.2.0", "mailbox logon failure", VERDICT_DOUBTFUL, 0,
	    "The account signed in but may not open the mailbox, or the "
	    "mailbox server is in trouble.",
	    "If it lasts, run Add-MailboxPermission -Identity MAILBOX -User "
	    "PRINCIPAL -AccessRights FullAccess where PRINCIPAL is the "
	    "application's Identity in Get-ServicePrincipal.",
	    APP_MAILBOX },
	{ 450, "4.7.0", "not proxied", VERDICT_MESSAGE_LATER, 0,
	    "The server could not hand the message on.", AGAIN,
	    REPORTS_MX },
	{ 450, "4.7.3", "queue quota", VERDICT_MESSAGE_LATER, 0,
	    "Too much mail of the tenant waits at the server.", AGAIN,
	    REPORTS_MX },
	{ 451, NULL, "server busy", VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.", DELIST,
	    NDR_451 },
	{ 451, NULL, "access denied, please try again later",
	    VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.", DELIST,
	    NDR_451 },
	{ 451, "4.7.5??", NULL, VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.", DELIST,
	    NDR_451 },
	{ 451, "4.7.6??", NULL, VERDICT_CONNECTION, 1 * HOURS,
	    "Exchange Online Protection throttles this IP address.", DELIST,
	    NDR_451 },
	{ 451, "4.7.0", "temporary server error", VERDICT_CONNECTION, 0,
	    "Exchange Online has a temporary failure inside.",
	    "Nothing at first. If it lasts, check account.user (MAILBOX), the "
	    "token and the tenant.",
	    REPORTS_PROXY },
	{ 451, "4.4.?", "temporary server error", VERDICT_CONNECTION, 0,
	    "Exchange Online could not tell whose mail this is.", AGAIN,
	    REPORTS_MX },
	{ 452, "4.3.1", NULL, VERDICT_CONNECTION, 0,
	    "The server is out of resources.", AGAIN,
	    EXCHANGE_SERVER },
	{ 452, "4.5.3", NULL, VERDICT_RECIPIENT_LATER, 0,
	    "Too many recipients in one message.",
	    "Nothing: the rest is sent again; account.recipients_per_message "
	    "can be lowered.",
	    EXCHANGE_SERVER },
	{ 454, "4.7.0", "authentication", VERDICT_CONNECTION, 0,
	    "The server cannot check the sign-in just now.", AGAIN,
	    RFC_AUTH },
	{ 454, NULL, "TLS not available", VERDICT_CONNECTION, 0,
	    "The server cannot do TLS just now, and nothing is sent without.",
	    AGAIN,
	    RFC_TLS },

	/* The dialogue itself: our fault, or of something in between. */
	{ 500, "5.3.3", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not know a command that every server knows.",
	    DIALOGUE,
	    REPORTS_DIALOGUE },
	{ 501, "5.5.4", "domain name", VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not like our EHLO name.", EHLO_NAME,
	    REPORTS_DIALOGUE },
	{ 550, "5.7.506", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not like our EHLO name.", EHLO_NAME,
	    NDR_LIST },
	{ 501, "5.5.12?", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sign-in by token is malformed.",
	    "Look whether account.token_file holds an access token and "
	    "nothing else.",
	    HIGH_VOLUME },
	{ 503, "5.5.2", "hello", VERDICT_ACCOUNT_HOLD, 0,
	    "The server has not heard our EHLO.", DIALOGUE,
	    REPORTS_DIALOGUE },
	{ 503, NULL, NULL, VERDICT_CONNECTION, 0,
	    "The server lost the thread of the dialogue.",
	    "Nothing: it is tried again on a new connection.",
	    RFC_SMTP },
	{ 504, "5.7.4", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server does not know this way of signing in.",
	    "Exchange Online offers LOGIN and XOAUTH2: set account.auth.",
	    REPORTS_PLAIN },

	/* Authentication. */
	{ 530, "5.7.57", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a sign-in first.",
	    "Check account.user and its password or token.",
	    NDR_5757 },
	{ 535, "5.7.3", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sign-in was refused: wrong user or password; or a token that "
	    "Entra gave but Exchange does not take.",
	    "Password: check it, and account.user. Token: "
	    "New-ServicePrincipal -AppId APP -ObjectId OBJECT with the ids of "
	    "the Enterprise application, Add-MailboxPermission -Identity "
	    "MAILBOX -User OBJECT -AccessRights FullAccess and the scope "
	    "https://outlook.office365.com/.default. A change takes up to an "
	    "hour.",
	    OAUTH },
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
	    "Exclude MAILBOX from the policy, or use OAuth with client "
	    "credentials.",
	    REPORTS_AUTH },
	{ 535, "5.7.139", "security defaults", VERDICT_ACCOUNT_HOLD, 0,
	    "The tenant's security defaults forbid passwords for SMTP.",
	    USE_OAUTH,
	    REPORTS_AUTH },
	{ 535, "5.7.139", "account locked", VERDICT_ACCOUNT_WAIT, 15 * MINUTES,
	    "The account is locked for a while after failed sign-ins.",
	    "Find who signs in as MAILBOX with a wrong password; the lock ends "
	    "by itself.",
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
	    "The token is about to expire.",
	    "Nothing: another one is used next time. With account.token_file, "
	    "check that what writes it still runs.",
	    HIGH_VOLUME },
	{ 535, "5.7.143", NULL, VERDICT_CONNECTION, 0,
	    "The token has expired.",
	    "Check this host's clock; with account.token_file, that what "
	    "writes it still runs.",
	    HIGH_VOLUME },
	{ 535, "5.7.144", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The application lacks the permission for High Volume Email.",
	    "In Entra, under App registrations, API permissions: add the "
	    "application permission Mail.Send of Office 365 Exchange Online, "
	    "and grant admin consent.",
	    HIGH_VOLUME },
	{ 550, "5.7.30", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "Exchange Online takes no passwords for SMTP any more.",
	    USE_OAUTH,
	    TEAM_BASIC },
	{ 550, "5.7.240", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The application is not allowed for this High Volume account.",
	    "Run Add-HVEAppAccess with the object id of the Enterprise "
	    "application.",
	    HIGH_VOLUME },
	{ 530, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a sign-in first.",
	    "Set account.auth, account.user and a password or token.",
	    RFC_AUTH },
	{ 534, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants a stronger way of signing in.",
	    "Set account.auth to another that it offers.",
	    RFC_AUTH },
	{ 535, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "User name or password is wrong.",
	    "Check account.user and the password or token.",
	    RFC_AUTH },
	{ 538, NULL, NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The server wants encryption for this way of signing in.",
	    "Set account.tls to starttls or implicit.",
	    RFC_AUTH },
};
/* clang-format on */

const size_t verdict_session_rows_n =
    sizeof(verdict_session_rows) / sizeof(verdict_session_rows[0]);
