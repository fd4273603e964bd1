/* SPDX-License-Identifier: ISC */
/*
 * What an administrator does in Entra and in Exchange Online, step by step,
 * with this tenant's values in the lines.  Pure: text goes into a buffer, to be
 * copied from a terminal.  The steps are Microsoft's: "Authenticate an IMAP,
 * POP or SMTP connection using OAuth", and smtp-app-rbac-onboarding for the
 * roles.
 */
#include "config.h"

#include <string.h>

#include "admin/setup.h"

#define OID_UNKNOWN "OBJECT-ID"

static const struct {
	enum provider provider;
	const char *entra;
	const char *environment; /* of Connect-ExchangeOnline */
	const char *graph;       /* of Connect-MgGraph */
} clouds[] = {
	{ PROVIDER_OFFICE365, "https://entra.microsoft.com", "", "" },
	{ PROVIDER_OFFICE365_GCC_HIGH, "https://entra.microsoft.us",
	    " -ExchangeEnvironmentName O365USGovGCCHigh",
	    " -Environment USGov" },
	{ PROVIDER_OFFICE365_DOD, "https://entra.microsoft.us",
	    " -ExchangeEnvironmentName O365USGovDoD",
	    " -Environment USGovDoD" },
	{ PROVIDER_OFFICE365_CHINA, "https://portal.azure.cn",
	    " -ExchangeEnvironmentName O365China", " -Environment China" },
};

static size_t
cloud_of(const struct setup_answers *a)
{
	return a->provider < sizeof(clouds) / sizeof(clouds[0]) ? a->provider
								: 0;
}

/* As one word of a PowerShell command. */
static void
put_word(struct buf *b, const char *s)
{
	bool is_plain = *s != '\0' && *s != '-' &&
			s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
				    "QRSTUVWXYZ0123456789._-@")] == '\0' &&
			*s != '@';
	const char *p;

	if (is_plain) {
		buf_puts(b, s);
		return;
	}
	buf_putc(b, '\'');
	for (p = s; *p != '\0'; p++) {
		if (*p == '\'')
			buf_putc(b, '\'');
		buf_putc(b, *p);
	}
	buf_putc(b, '\'');
}

/* A command by its words: each NULL stands for a value, quoted as needed. */
static void
put_command(struct buf *b, const char *before, const char *value,
    const char *after, const char *more, const char *end)
{
	buf_puts(b, "    ");
	buf_puts(b, before);
	put_word(b, value);
	buf_puts(b, after);
	if (more != NULL)
		put_word(b, more);
	buf_puts(b, end);
	buf_putc(b, '\n');
}

/* ---- Entra --------------------------------------------------------------- */

void
setup_lines_register(const struct setup_answers *a, struct buf *b)
{
	buf_printf(b,
	    "In Entra (%s), as an administrator of the tenant:\n\n"
	    "  Identity > Applications > App registrations > New registration\n"
	    "  Name: mailchute. Accounts in this organizational directory "
	    "only.\n"
	    "  Register.\n\n"
	    "  Its Overview shows \"Application (client) ID\" and\n"
	    "  \"Directory (tenant) ID\", which are asked for below.\n",
	    clouds[cloud_of(a)].entra);
}

static void
put_permission(
    struct buf *b, const char *kind, const char *name, const char *behind)
{
	buf_printf(b,
	    "  API permissions > Add a permission > APIs my organization uses "
	    ">\n"
	    "  Office 365 Exchange Online > %s permissions >\n"
	    "  %s > Add permissions. Then: Grant admin consent%s.\n",
	    kind, name, behind);
}

static void
put_proof(const struct setup_answers *a, struct buf *b)
{
	switch (a->way) {
	case WAY_CERTIFICATE:
		buf_puts(b,
		    "\n  Certificates & secrets > Certificates > Upload "
		    "certificate:\n"
		    "  the file that the block below makes on your "
		    "computer.\n");
		break;
	case WAY_FEDERATED:
		buf_puts(b,
		    "\n  Certificates & secrets > Federated credentials > Add "
		    "credential:\n"
		    "  the issuer and the subject of the platform's token.\n");
		break;
	case WAY_DEVICE:
		buf_puts(b,
		    "\n  Authentication > Advanced settings > Allow public "
		    "client flows:\n"
		    "  Yes. Save.\n");
		break;
	case WAY_SECRET:
	case WAY_MANAGED:
	case WAY_PASSWORD:
	case WAYS:
		break;
	}
}

void
setup_lines_grant(const struct setup_answers *a, struct buf *b)
{
	buf_printf(b,
	    "In Entra, App registrations > All applications >\n"
	    "%s:\n\n",
	    a->client_id == NULL ? "mailchute" : a->client_id);
	if (a->way == WAY_DEVICE)
		put_permission(b, "Delegated", "SMTP.Send",
		    ",\n  where your tenant wants that");
	else if (a->right == RIGHT_PERMISSION)
		put_permission(b, "Application", "SMTP.SendAsApp", "");
	else
		buf_puts(b,
		    "  API permissions: no SMTP.SendAsApp. With it Exchange "
		    "would "
		    "ask for\n"
		    "  a permission on the mailbox, and look at no role.\n");
	put_proof(a, b);
}

/* ---- Exchange Online ------------------------------------------------------
 */

/* A managed identity has no page under App registrations. */
static void
put_identity_role(const struct setup_answers *a, const char *oid, struct buf *b)
{
	buf_printf(b,
	    "In PowerShell, once (Install-Module Microsoft.Graph), to let the\n"
	    "identity send. Microsoft documents it for other APIs, not for "
	    "this "
	    "one:\n\n"
	    "    Connect-MgGraph%s -Scopes AppRoleAssignment.ReadWrite.All,"
	    "Application.Read.All\n"
	    "    $exchange = Get-MgServicePrincipal -Filter \"appId eq "
	    "'" EXCHANGE_APP "'\"\n"
	    "    $role = $exchange.AppRoles | Where-Object Value -eq "
	    "SMTP.SendAsApp\n"
	    "    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId "
	    "%s "
	    "-PrincipalId %s -ResourceId $exchange.Id -AppRoleId $role.Id\n\n",
	    clouds[cloud_of(a)].graph, oid, oid);
}

static void
put_rights(const struct setup_answers *a, const char *oid, struct buf *b)
{
	put_command(b, "New-ServicePrincipal -AppId ",
	    a->client_id == NULL ? "CLIENT-ID" : a->client_id, " -ObjectId ",
	    oid, "");
	if (a->right == RIGHT_PERMISSION) {
		put_command(b, "Add-MailboxPermission -Identity ", a->user,
		    " -User ", oid, " -AccessRights FullAccess");
		return;
	}
	buf_puts(b, "    New-ManagementScope -Name mailchute "
		    "-RecipientRestrictionFilter \"PrimarySmtpAddress -eq '");
	buf_puts(b, a->user);
	buf_puts(b, "'\"\n");
	put_command(b, "New-ManagementRoleAssignment -Name mailchute -App ",
	    oid,
	    " -Role 'Application SMTP.SendAsApp' -CustomResourceScope "
	    "mailchute",
	    NULL, "");
}

/* Addresses of account.senders, which go out as they are. */
static void
put_send_as(const struct setup_answers *a, const char *trustee,
    const struct strlist *senders, struct buf *b)
{
	size_t i;

	for (i = 0; senders != NULL && i < senders->n; i++)
		if (strcasecmp(senders->v[i], a->user) != 0 &&
		    senders->v[i][0] != '@' && senders->v[i][0] != '*')
			put_command(b, "Add-RecipientPermission -Identity ",
			    senders->v[i], " -Trustee ", trustee,
			    " -AccessRights SendAs -Confirm:$false");
}

void
setup_lines_exchange(const struct setup_answers *a, const char *oid,
    const struct strlist *senders, struct buf *b)
{
	bool is_app = WAY_IS_APP(a->way);

	oid = oid == NULL || *oid == '\0' ? OID_UNKNOWN : oid;
	if (a->way == WAY_MANAGED && a->right == RIGHT_PERMISSION)
		put_identity_role(a, oid, b);
	buf_puts(b,
	    "In PowerShell, once: Install-Module ExchangeOnlineManagement. "
	    "Then:\n\n");
	buf_printf(b, "    Connect-ExchangeOnline%s\n",
	    clouds[cloud_of(a)].environment);
	if (is_app)
		put_rights(a, oid, b);
	put_command(b, "Set-CASMailbox -Identity ", a->user,
	    " -SmtpClientAuthenticationDisabled $false", NULL, "");
	put_send_as(a, is_app ? oid : a->user, senders, b);
	if (is_app)
		buf_printf(b,
		    "\n%s is the application's object id under\n"
		    "Enterprise applications%s. The one under\n"
		    "App registrations is another, and does not work.\n",
		    oid,
		    strcmp(oid, OID_UNKNOWN) == 0
			? "; setup reads it from the token"
			: ", as its own token says");
}
