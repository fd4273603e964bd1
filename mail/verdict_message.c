/* SPDX-License-Identifier: ISC */
/*
 * What Exchange Online says of a sender, of quotas and blocks, of a message and
 * of its recipients.  A row is added as in verdict_session.c.
 */
#include "config.h"

#include <stddef.h>

#include "mail/verdict_priv.h"

#define GRANT_SENDAS \
	"Send under the mailbox's own address (account.rewrite = auto), or " \
	"grant it: Add-RecipientPermission -Identity FROM -Trustee MAILBOX " \
	"-AccessRights SendAs"
#define NO_SUPPORT \
	" Then wait: Microsoft lifts this by itself and its support cannot."
#define UNBLOCK \
	"Unblock MAILBOX under Restricted entities in the Defender portal; " \
	"it takes about an hour."
#define ONE_DAY "Nothing: mail goes on when the 24 hours are over."
#define CASE    "Open a case with Microsoft support."
#define CHECK   "Check the address."
#define SMALLER \
	"Send it in parts, or a link instead, or raise the limit: " \
	"Set-Mailbox -Identity MAILBOX -MaxSendSize 150MB"

#define THROTTLING \
	"Microsoft, \"Continuous error throttling for SMTP AUTH submissions\""
#define REPORTS_SENDAS \
	"pkp/pkp-lib issue 7412; a log of November 2025; " \
	"jstedfast/MailKit issue 1176"
#define QUOTA        "Microsoft's support article on the submission quota"
#define TEAM_TERRL   "Exchange Team Blog; MC1023294"
#define TEAM_MOERA   "Exchange Team Blog; MC1302901"
#define REPORTS_SPAM "reports of OutboundSpamException"
#define SENT_ITEMS   "reports; Microsoft, Set-Mailbox"
#define NDR_518      "NDR article on 550 5.1.8"
#define NDR_57XX     "NDR articles on 550 5.7.703 to 5.7.750"
#define NDR_5764     "NDR article on TenantAttribution"
#define NDR_5611     "NDR article on 5.6.11"
#define TEAM_DIRECT  "Exchange Team Blog 4408790"
#define REPORTS_SIZE "reports of MapiExceptionMaxSubmissionExceeded"
#define NDR_5120     "NDR article on 550 5.1.20; MC886603"
#define SYNTAX       "RFC 5321 4.2.2; reports"

/* clang-format off */
const struct verdict_row verdict_message_rows[] = {
	/*
	 * The sender throttled as a whole.  550 5.2.252 is this, 554 5.2.252 is
	 * one message's Send As refusal.
	 */
	{ 550, "5.2.251", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after repeated errors "
	    "\"mailbox full\".",
	    "Empty the mailboxes that are full, MAILBOX among them."
	    NO_SUPPORT,
	    THROTTLING },
	{ 550, "5.2.252", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after repeated refusals "
	    "of Send As.",
	    "Let all mail go out under MAILBOX (account.rewrite = auto), or "
	    "grant Send As for the addresses that were refused." NO_SUPPORT,
	    THROTTLING },
	{ 550, "5.2.253", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox, which has no valid "
	    "licence.",
	    "Give MAILBOX a licence." NO_SUPPORT,
	    THROTTLING },
	{ 550, "5.2.254", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after messages with too "
	    "many recipients.",
	    "Lower account.recipients_per_message." NO_SUPPORT,
	    THROTTLING },
	{ 550, "5.2.255", NULL, VERDICT_ACCOUNT_WAIT, 4 * HOURS,
	    "Exchange Online throttles this mailbox after many invalid "
	    "recipients.",
	    "Find what writes to addresses that do not exist." NO_SUPPORT,
	    THROTTLING },

	/* Sender's rights, quotas and blocks. */
	{ 550, "5.7.60", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The mailbox may not send under this From address.", GRANT_SENDAS,
	    PRINTERS },
	{ 0, NULL, "SendAsDenied", VERDICT_MESSAGE_NEVER, 0,
	    "The mailbox may not send under this From address.", GRANT_SENDAS,
	    REPORTS_SENDAS },
	{ 554, NULL, "SubmissionQuotaExceeded", VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    QUOTA },
	{ 0, NULL, "Submission quota exceeded", VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    QUOTA },
	{ 554, NULL, "OutboundSpam", VERDICT_ACCOUNT_HOLD, 0,
	    "The account is blocked for sending spam.",
	    "Sign in as MAILBOX on the web and clear the block.",
	    REPORTS_SPAM },
	{ 554, "5.2.2", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sending mailbox is full: each message leaves a copy in Sent "
	    "Items.",
	    "Empty it, or run Set-Mailbox -Identity MAILBOX "
	    "-MessageCopyForSMTPClientSubmissionEnabled $false",
	    SENT_ITEMS },
	{ 550, "5.1.8", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "The sender is blocked for spam.", UNBLOCK,
	    NDR_518 },
	{ 550, "5.1.90", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The mailbox has sent to its 10,000 recipients of this day.",
	    ONE_DAY,
	    NDR_LIST },
	{ 550, "5.7.232", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The tenant has reached its daily limit of external recipients.",
	    ONE_DAY,
	    TEAM_TERRL },
	{ 550, "5.7.233", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The tenant has reached its daily limit of external recipients.",
	    ONE_DAY,
	    TEAM_TERRL },
	{ 550, "5.7.236", NULL, VERDICT_ACCOUNT_WAIT, 1 * HOURS,
	    "The tenant has reached the daily limit of onmicrosoft.com "
	    "senders.",
	    "Send under a domain of your own.",
	    TEAM_MOERA },
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
	    "The tenant is blocked: it sent too much, or spam.", CASE,
	    NDR_57XX },
	{ 550, "5.7.708", NULL, VERDICT_ACCOUNT_HOLD, 0,
	    "Exchange Online takes no mail from this IP address.", CASE,
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
	{ 501, "5.5.4", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The server does not take an address or option of the envelope.",
	    CHECK,
	    SYNTAX },
	{ 501, "5.1.7", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The server does not take this address.", CHECK,
	    SYNTAX },
	{ 550, "5.6.11", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The message has a line feed without a carriage return.",
	    "mailchute sends none: look for what stands between here and the "
	    "server and changes it.",
	    NDR_5611 },
	{ 552, "5.3.4", "header size", VERDICT_MESSAGE_NEVER, 0,
	    "The message's header is larger than the server takes.",
	    "Send it to fewer addresses at once, or with fewer fields.",
	    EXCHANGE_SERVER },
	{ 552, "5.3.4", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The message is larger than the server takes.", SMALLER,
	    EXCHANGE_SERVER },
	{ 0, NULL, "MaxSubmissionExceeded", VERDICT_MESSAGE_NEVER, 0,
	    "The message is larger than the mailbox may send (MaxSendSize, "
	    "35 MB by default).", SMALLER,
	    REPORTS_SIZE },
	{ 550, "5.5.3", NULL, VERDICT_LARGE, 0,
	    "Too many recipients in one message.",
	    "Nothing: it is tried again to fewer at once, and so is what "
	    "follows. Lower account.recipients_per_message, or raise the "
	    "limit: Set-Mailbox -Identity MAILBOX -RecipientLimits 500",
	    NDR_LIST },
	{ 0, "5.7.703", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The tenant's block list has an address in this message.",
	    "Look for it in the Tenant Allow/Block List in the Defender "
	    "portal.",
	    NDR_57XX },
	{ 0, "5.7.512", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "The From field is malformed.",
	    "Write it as Name <address>.",
	    NDR_LIST },
	{ 550, "5.1.20", NULL, VERDICT_MESSAGE_NEVER, 0,
	    "Several From addresses need a Sender.",
	    "Give one From address, or a Sender field.",
	    NDR_5120 },

	/* One recipient. */
	{ 0, "5.2.121", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The recipient takes no more mail from this sender for an hour.",
	    "Send less to it, and send this again later.",
	    NDR_LIST },
	{ 0, "5.2.122", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The recipient takes no more mail for an hour.",
	    "Send this again later.",
	    NDR_LIST },
	{ 550, "5.1.1", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "There is no such mailbox.", CHECK,
	    NDR_LIST },
	{ 550, "5.1.10", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "There is no such mailbox.", CHECK,
	    NDR_LIST },
	{ 550, "5.4.1", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The recipient's domain does not take this address.", CHECK,
	    NDR_LIST },
	{ 0, "5.4.14", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The message goes round in a circle.",
	    "Look at the forwardings of the recipient's mailbox and domain.",
	    NDR_LIST },
	{ 0, "5.4.6", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "The message goes round in a circle.",
	    "Look at the forwardings of the recipient's mailbox and domain.",
	    NDR_LIST },
	{ 0, "5.7.1", NULL, VERDICT_RECIPIENT_NEVER, 0,
	    "A rule forbids this message or this recipient.",
	    "Ask the recipient, or whoever makes the mail flow rules.",
	    NDR_LIST },
};
/* clang-format on */

const size_t verdict_message_rows_n =
    sizeof(verdict_message_rows) / sizeof(verdict_message_rows[0]);
