/* SPDX-License-Identifier: ISC */
/*
 * The refusals of a token endpoint.  Numbers and senses are of Microsoft's
 * reference of error codes (MicrosoftDocs/entra-docs: reference-error-codes.md)
 * but where a row says otherwise.  A row is added by writing it down, here and
 * in docs/office365.md, and a case for it in tests/unit/token_error_rows.c.
 */
#include "config.h"

#include <stddef.h>

#include "mail/token_error_priv.h"

#define MINUTES 60
#define HOURS   3600

#define NEVER       TOKEN_NEVER, TOKEN_ENDED_NOTHING, 0
#define ENDED(what) TOKEN_NEVER, TOKEN_ENDED_##what, 0
#define LATER       TOKEN_LATER, TOKEN_ENDED_NOTHING, 0
#define LONG(wait)  TOKEN_LATER, TOKEN_ENDED_NOTHING, (wait)

#define AGAIN   "Nothing to do: it is asked again by itself."
#define SIGN_IN "Sign in again: mailchute setup"
#define CLOCK \
	"Check this host's clock (timedatectl), and that it is kept right " \
	"by NTP."
#define CONSENT \
	"In Entra, under App registrations, APP, API permissions: grant " \
	"admin consent for SMTP.SendAsApp (an application's own sign-in) or " \
	"SMTP.Send (sign-in in somebody's name)."
#define NEW_SECRET \
	"In Entra, under App registrations, APP, Certificates & secrets: " \
	"make a new client secret, and write its Value to " \
	"account.client_secret_file."
#define EXCLUDE \
	"Ask whoever manages Conditional Access to leave APP and MAILBOX " \
	"out of the policy, or use an application's own sign-in " \
	"(account.grant = client_credentials)."

const struct token_error_row token_error_rows[] = {
	/* ---- what the application proves itself by ---- */
	{ 7000215, NULL, NEVER, "The client secret is wrong.",
	    "Use the secret's Value, not its Secret ID. The Value is shown "
	    "only once: if it is lost, make a new client secret in Entra, "
	    "under App registrations, APP, Certificates & secrets." },
	{ 7000222, NULL, ENDED(SECRET), "The client secret has expired.",
	    NEW_SECRET },
	{ 7000218, NULL, NEVER,
	    "The application is a confidential one, and nothing proved it.",
	    "Give account.client_secret_file, or account.certificate_file and "
	    "account.key_file; or, in Entra, under App registrations, APP, "
	    "Authentication: allow public client flows." },
	{ 700016, NULL, NEVER,
	    "The tenant has no application of this client id.",
	    "Check account.client_id (APP) and account.tenant (TENANT): the "
	    "Application (client) ID stands in Entra under App registrations, "
	    "and the application has to be in that tenant." },
	{ 700027, NULL, NEVER,
	    "The client assertion was not accepted: its certificate is not "
	    "one of the application's.",
	    "Upload account.certificate_file in Entra, under App "
	    "registrations, APP, Certificates & secrets. " CLOCK },
	{ 700024, NULL, NEVER,
	    "The client assertion is not within its time: this host's clock "
	    "is wrong.",
	    CLOCK },
	{ 700030, NULL, NEVER, "The certificate is invalid.",
	    "Upload the certificate of account.certificate_file anew in "
	    "Entra, under App registrations, APP, Certificates & secrets; if "
	    "it comes again, make a new one." },
	{ 700022, NULL, NEVER, "The scope names more than one resource.",
	    "Remove account.scope: the default asks for Exchange Online "
	    "alone." },
	{ 70011, NULL, NEVER, "The scope is invalid.",
	    "Remove account.scope: the default is right. An application's own "
	    "sign-in asks for a scope that ends in /.default." },
	{ 7000112, NULL, NEVER, "The application is disabled.",
	    "In Entra, under Enterprise applications, APP, Properties: enable "
	    "it for users to sign in." },
	{ 70001, NULL, NEVER,
	    "The application is disabled, or not in this tenant.",
	    "In Entra, under Enterprise applications, APP, Properties: enable "
	    "it for users to sign in; and check account.client_id." },
	/* ---- the tenant and the cloud ---- */
	{ 500011, NULL, NEVER,
	    "The tenant does not know the resource that was asked for.",
	    "Check that TENANT has Exchange Online, and that "
	    "account.provider is its cloud." },
	{ 90002, NULL, NEVER, "There is no such tenant.",
	    "Check account.tenant (TENANT), and that account.provider is its "
	    "cloud." },
	{ 9001023, NULL, NEVER,
	    "This kind of sign-in needs a tenant, not common or consumers.",
	    "Set account.tenant to the tenant's id (Directory ID)." },
	{ 900382, NULL, NEVER, "The tenant is in another cloud.",
	    "Set account.provider to the tenant's cloud: office365, "
	    "office365-gcc-high, office365-dod or office365-china." },
	{ 90038, NULL, NEVER, "The tenant is in another cloud.",
	    "Set account.provider to the tenant's cloud: office365, "
	    "office365-gcc-high, office365-dod or office365-china." },
	{ 65001, NULL, NEVER, "Nobody has consented to the permission.",
	    CONSENT },
	/* ---- the user ---- */
	{ 50034, NULL, NEVER, "There is no such user in the tenant.",
	    "Check account.user (MAILBOX) and account.tenant (TENANT)." },
	{ 50053, NULL, LONG(30 * MINUTES),
	    "The user is locked out for a while, after wrong passwords.",
	    "Nothing at first: it is asked again by itself. Look for who else "
	    "signs in as MAILBOX with a wrong password." },
	{ 50055, NULL, ENDED(REFRESH), "The user's password has expired.",
	    "Give MAILBOX a new password. " SIGN_IN },
	{ 50057, NULL, NEVER, "The user is disabled.",
	    "Enable MAILBOX in Entra, under Users." },
	{ 50076, NULL, ENDED(REFRESH),
	    "The user has to prove himself by a second factor.", SIGN_IN },
	{ 50079, NULL, ENDED(REFRESH),
	    "The user has to set up a second factor.", SIGN_IN },
	{ 50126, NULL, NEVER, "The user or the password is wrong.",
	    "Check account.user (MAILBOX). " SIGN_IN },
	/* ---- the refresh token ---- */
	{ 50173, NULL, ENDED(REFRESH),
	    "The sign-in was revoked, as by a change of the password.",
	    SIGN_IN },
	{ 70008, NULL, ENDED(REFRESH),
	    "The refresh token has expired, or was revoked.", SIGN_IN },
	{ 700082, NULL, ENDED(REFRESH),
	    "The refresh token has expired: it was not used for too long.",
	    SIGN_IN },
	{ 70043, NULL, ENDED(REFRESH),
	    "The refresh token was ended by a sign-in frequency policy.",
	    "Ask whoever manages Conditional Access to leave APP and MAILBOX "
	    "out of it. " SIGN_IN },
	{ 700084, NULL, ENDED(REFRESH),
	    "The refresh token is one of a single-page application, which "
	    "lasts for 24 hours.",
	    "In Entra, under App registrations, APP, Authentication: register "
	    "it as a mobile and desktop application. " SIGN_IN },
	/* ---- policies ---- */
	{ 53003, NULL, NEVER,
	    "A Conditional Access policy forbids this sign-in.", EXCLUDE },
	{ 530032, NULL, NEVER,
	    "The tenant's security policy forbids this sign-in.", EXCLUDE },
	{ 530035, NULL, NEVER,
	    "The tenant's security defaults forbid this sign-in.",
	    "Use an application's own sign-in (account.grant = "
	    "client_credentials), which they do not concern." },
	/* ---- what passes ---- */
	{ 50196, NULL, LONG(1 * HOURS),
	    "The same was asked too often: Entra takes it for a loop.",
	    "Look for another program that asks for tokens of APP, and for a "
	    "service that is restarted again and again." },
	{ 90055, NULL, LATER, "The tenant asks for too many tokens at once.",
	    AGAIN },
	{ 50033, NULL, LATER, "Entra has a temporary failure.", AGAIN },
	{ 50087, NULL, LATER, "Entra has a temporary failure.", AGAIN },
	{ 90006, NULL, LATER, "Entra has a temporary failure.", AGAIN },
	{ 90024, NULL, LATER, "Entra is busy.", AGAIN },
	{ 90033, NULL, LATER, "Entra has a temporary failure.", AGAIN },
	/* ---- OAuth's own words, of any server: RFC 6749 5.2 ---- */
	{ 0, "invalid_client", NEVER,
	    "The server does not accept what the application proves itself "
	    "by.",
	    "Check account.client_id (APP), and its secret or certificate." },
	{ 0, "invalid_grant", ENDED(REFRESH),
	    "The sign-in that was granted once is not valid any more.",
	    SIGN_IN },
	{ 0, "unauthorized_client", NEVER,
	    "The application may not ask in this way.",
	    "Check account.grant, and what the application (APP) is allowed." },
	{ 0, "unsupported_grant_type", NEVER,
	    "The server does not know this kind of sign-in.",
	    "Check account.grant and account.token_url." },
	{ 0, "invalid_scope", NEVER, "The scope is invalid.",
	    "Check account.scope; without it the default is used." },
	{ 0, "invalid_request", NEVER, "The server does not take the request.",
	    "Check account.token_url, account.client_id and account.scope; "
	    "the server's words say more." },
	{ 0, "invalid_resource", NEVER,
	    "The server does not know the resource that was asked for.",
	    "Check account.scope and account.provider." },
	{ 0, "interaction_required", ENDED(REFRESH),
	    "A human has to sign in again.", SIGN_IN },
	{ 0, "consent_required", NEVER,
	    "Nobody has consented to the permission.", CONSENT },
	{ 0, "access_denied", NEVER, "The sign-in was refused.", SIGN_IN },
	/* RFC 8628 3.5, and Microsoft's words for it */
	{ 0, "authorization_declined", NEVER,
	    "The sign-in was declined by who was asked for it.", SIGN_IN },
	{ 0, "bad_verification_code", NEVER,
	    "The server does not know this sign-in any more.", SIGN_IN },
	{ 0, "expired_token", NEVER, "Nobody signed in in time.", SIGN_IN },
	{ 0, "temporarily_unavailable", LATER, "The server is busy.", AGAIN },
	{ 0, "server_error", LATER, "The server has a temporary failure.",
	    AGAIN },
};
const size_t token_error_rows_n =
    sizeof(token_error_rows) / sizeof(token_error_rows[0]);
