/* SPDX-License-Identifier: ISC */
/*
 * The parts of setup that are no dialogue: which step is missing, the lines to
 * type elsewhere, and what becomes of the configuration.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/setup.h"
#include "common/xalloc.h"

#define OID    "22222222-2222-2222-2222-222222222222"
#define CLIENT "11111111-1111-1111-1111-111111111111"

static struct setup_answers
answers(enum setup_way way)
{
	static const char none[] = "";
	struct conf_edit *x = conf_edit_new(none, 0);
	struct setup_answers a = setup_answers_of(x, "account");

	conf_edit_free(x);
	a.way = way;
	a.user = xstrdup("alerts@contoso.com");
	a.admin = xstrdup("it@contoso.com");
	a.tenant = xstrdup("contoso.com");
	a.client_id = xstrdup(CLIENT);
	a.secret.name = xstrdup("secret");
	a.certificate.name = xstrdup("c.pem");
	a.key.name = xstrdup("c.key");
	a.federated.name = xstrdup("/run/token");
	return a;
}

/* ---- judging ---- */

static void
claims_name_the_step(void **state)
{
	static const struct {
		enum setup_way way;
		enum setup_right right;
		const char *aud, *roles, *scp;
		const char *step; /* NULL: none is missing */
	} rows[] = {
		{ WAY_SECRET, RIGHT_PERMISSION, "https://outlook.office365.com",
		    "SMTP.SendAsApp", "", NULL },
		{ WAY_SECRET, RIGHT_PERMISSION, "https://outlook.office365.com",
		    "Mail.Send SMTP.SendAsApp", "", NULL },
		{ WAY_SECRET, RIGHT_PERMISSION, "https://outlook.office365.com",
		    "SMTP.SendAsApp2 XSMTP.SendAsApp", "",
		    "API permissions, and admin consent" },
		{ WAY_CERTIFICATE, RIGHT_PERMISSION,
		    "https://outlook.office365.com", "", "SMTP.Send",
		    "API permissions, and admin consent" },
		{ WAY_CERTIFICATE, RIGHT_ROLE, "https://outlook.office365.com",
		    "", "", NULL },
		{ WAY_CERTIFICATE, RIGHT_ROLE, "https://outlook.office365.com",
		    "SMTP.SendAsApp", "", "API permissions" },
		{ WAY_SECRET, RIGHT_PERMISSION,
		    "00000002-0000-0ff1-ce00-000000000000", "SMTP.SendAsApp",
		    "", NULL },
		{ WAY_MANAGED, RIGHT_PERMISSION, "https://graph.microsoft.com",
		    "SMTP.SendAsApp", "", "the scope" },
		{ WAY_DEVICE, RIGHT_PERMISSION, "https://outlook.office.com",
		    "", "openid SMTP.Send", NULL },
		{ WAY_DEVICE, RIGHT_PERMISSION, "https://outlook.office.com",
		    "SMTP.SendAsApp", "Mail.Send", "API permissions" },
		/* a token that cannot be read: Exchange will tell */
		{ WAY_SECRET, RIGHT_PERMISSION, "", "", "", NULL },
	};
	struct token_granted g;
	struct setup_finding f;
	struct setup_answers a;
	size_t i;
	bool is_good;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&g, 0, sizeof(g));
		a = answers(rows[i].way);
		a.right = rows[i].right;
		strlcpy(g.claims.aud, rows[i].aud, sizeof(g.claims.aud));
		strlcpy(g.claims.roles, rows[i].roles, sizeof(g.claims.roles));
		strlcpy(g.claims.scp, rows[i].scp, sizeof(g.claims.scp));
		is_good = setup_judge_claims(&a, &g, &f);
		assert_int_equal(is_good, rows[i].step == NULL);
		if (!is_good) {
			assert_string_equal(f.step, rows[i].step);
			assert_int_not_equal(f.fix[0], '\0');
		}
		setup_answers_clear(&a);
	}
}

static void
refused_tokens_name_the_step(void **state)
{
	static const struct {
		uint64_t aadsts;
		const char *error, *step;
	} rows[] = {
		{ 7000215, "invalid_client", "the client secret" },
		{ 700027, "invalid_client", "Upload certificate" },
		{ 700016, "unauthorized_client", "App registration" },
		{ 90002, "invalid_request",
		    "the tenant's name, and the cloud" },
		{ 7000218, "invalid_client", "public client flows" },
		{ 65001, "invalid_grant", "admin consent" },
		{ 53003, "invalid_grant", "Conditional Access" },
		{ 70017, "authorization_declined", "signing in with the code" },
		{ 12345, "server_error", "getting a token" },
		{ 0, "", "the way to the token endpoint" },
	};
	struct setup_answers a = answers(WAY_SECRET);
	struct token_failed x;
	struct setup_finding f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&x, 0, sizeof(x));
		x.aadsts = rows[i].aadsts;
		strlcpy(x.error, rows[i].error, sizeof(x.error));
		strlcpy(x.text, "as it was said", sizeof(x.text));
		strlcpy(x.fix, "do this", sizeof(x.fix));
		setup_judge_failed(&a, &x, &f);
		assert_string_equal(f.step, rows[i].step);
		assert_non_null(strstr(f.text, "as it was said"));
		assert_string_equal(f.fix, "do this");
	}
	/* What mailchuted does by itself, a person does here. */
	strlcpy(x.fix, TOKEN_FIX_AGAIN "If it lasts, mend it.", sizeof(x.fix));
	setup_judge_failed(&a, &x, &f);
	assert_string_equal(f.fix, "Try again. If it lasts, mend it.");
	strlcpy(x.fix, TOKEN_FIX_MEND, sizeof(x.fix));
	setup_judge_failed(&a, &x, &f);
	assert_null(strstr(f.fix, "retry"));
	setup_answers_clear(&a);
}

static void
refused_sign_ins_name_the_step(void **state)
{
	static const char off[] = "5.7.139 Authentication unsuccessful, "
				  "SmtpClientAuthentication is disabled for "
				  "the Mailbox. Visit https://aka.ms/x";
	static const struct {
		enum setup_way way;
		enum setup_right right;
		unsigned code;
		const char *status, *text, *step;
		bool may_be_late;
	} rows[] = {
		{ WAY_SECRET, RIGHT_PERMISSION, 535, "5.7.3",
		    "5.7.3 Authentication unsuccessful [A.B]",
		    "New-ServicePrincipal, or Add-MailboxPermission", true },
		{ WAY_SECRET, RIGHT_ROLE, 535, "5.7.3",
		    "5.7.3 Authentication unsuccessful [A.B]",
		    "New-ServicePrincipal, or New-ManagementRoleAssignment",
		    true },
		{ WAY_DEVICE, RIGHT_PERMISSION, 535, "5.7.3",
		    "5.7.3 Authentication unsuccessful [A.B]",
		    "the mailbox's permission", true },
		{ WAY_PASSWORD, RIGHT_PERMISSION, 535, "5.7.3",
		    "5.7.3 Authentication unsuccessful [A.B]", "signing in",
		    false },
		{ WAY_CERTIFICATE, RIGHT_PERMISSION, 535, "5.7.139", off,
		    "Set-CASMailbox", true },
		{ WAY_CERTIFICATE, RIGHT_PERMISSION, 0, "4.4.1", "refused",
		    "the way to the mail server", false },
	};
	struct setup_answers a;
	struct job_result r;
	struct setup_finding f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&r, 0, sizeof(r));
		a = answers(rows[i].way);
		a.right = rows[i].right;
		r.code = rows[i].code;
		strlcpy(r.status, rows[i].status, sizeof(r.status));
		strlcpy(r.text, rows[i].text, sizeof(r.text));
		setup_judge_sign_in(&a, &r, &f);
		assert_string_equal(f.step, rows[i].step);
		assert_int_equal(f.may_be_late, rows[i].may_be_late);
		assert_int_equal(
		    strstr(f.fix, "up to an hour") != NULL, f.may_be_late);
		/* The server's own words, and its status once. */
		assert_null(strstr(f.text, "5.7.3 5.7.3"));
		if (r.code == 0)
			assert_non_null(strstr(f.text, "refused"));
		setup_answers_clear(&a);
	}
}

static void
answers_are_judged(void **state)
{
	(void)state;
	assert_null(setup_wrong_id(CLIENT));
	assert_non_null(setup_wrong_id("11111111-1111-1111-1111-11111111111"));
	assert_non_null(setup_wrong_id(CLIENT "1"));
	assert_non_null(setup_wrong_id("1111111111111-1111-1111-111111111111"));
	assert_non_null(setup_wrong_id("g1111111-1111-1111-1111-111111111111"));
	assert_non_null(setup_wrong_id(""));
	assert_null(setup_wrong_tenant(CLIENT));
	assert_null(setup_wrong_tenant("contoso.onmicrosoft.com"));
	assert_non_null(setup_wrong_tenant("contoso"));
	assert_non_null(setup_wrong_tenant("Common"));
	assert_null(setup_wrong_date("2028-11-30"));
	assert_null(setup_wrong_date("none"));
	assert_non_null(setup_wrong_date("30.11.2028"));
	assert_non_null(setup_wrong_port("0"));
	assert_non_null(setup_wrong_port("65536"));
	assert_null(setup_wrong_port("465"));
	assert_non_null(setup_wrong_tls("none"));
	assert_non_null(setup_wrong_path("key.pem"));
	assert_non_null(setup_wrong_address("alerts"));
}

/* ---- lines ---- */

static bool
has_line(const struct buf *b, const char *line)
{
	const char *p = strstr(buf_data(b), line);

	return p != NULL && (p == buf_data(b) || p[-1] == '\n') &&
	       p[strlen(line)] == '\n';
}

static void
lines_have_the_tenants_values(void **state)
{
	struct setup_answers a = answers(WAY_CERTIFICATE);
	struct strlist senders = { NULL, 0 };
	struct buf b;

	(void)state;
	strlist_add(&senders, "alerts@contoso.com");
	strlist_add(&senders, "no-reply@contoso.com");
	strlist_add(&senders, "@fabrikam.com");
	buf_init(&b, 65536);
	setup_lines_exchange(&a, OID, &senders, &b);
	assert_true(has_line(
	    &b, "    New-ServicePrincipal -AppId " CLIENT " -ObjectId " OID));
	assert_true(has_line(&b,
	    "    Add-MailboxPermission -Identity alerts@contoso.com -User " OID
	    " -AccessRights FullAccess"));
	assert_true(
	    has_line(&b, "    Set-CASMailbox -Identity alerts@contoso.com "
			 "-SmtpClientAuthenticationDisabled $false"));
	assert_true(has_line(&b,
	    "    Add-RecipientPermission -Identity no-reply@contoso.com "
	    "-Trustee " OID " -AccessRights SendAs -Confirm:$false"));
	assert_null(strstr(buf_data(&b), "fabrikam"));
	assert_null(strstr(buf_data(&b), "Graph"));

	a.right = RIGHT_ROLE;
	buf_truncate(&b, 0);
	setup_lines_exchange(&a, OID, &senders, &b);
	assert_null(strstr(buf_data(&b), "Add-MailboxPermission"));
	assert_true(
	    has_line(&b, "    New-ManagementScope -Name mailchute "
			 "-RecipientRestrictionFilter \"PrimarySmtpAddress -eq "
			 "'alerts@contoso.com'\""));
	assert_true(has_line(&b,
	    "    New-ManagementRoleAssignment -Name mailchute -App " OID
	    " -Role 'Application SMTP.SendAsApp' -CustomResourceScope "
	    "mailchute"));
	buf_clear(&b);
	strlist_clear(&senders);
	setup_answers_clear(&a);
}

/* A mailbox may be called anything; PowerShell runs none of it. */
static void
values_are_quoted(void **state)
{
	struct setup_answers a = answers(WAY_PASSWORD);
	struct buf b;

	(void)state;
	free(a.user);
	a.user = xstrdup("o'neil$(x)@contoso.com");
	buf_init(&b, 65536);
	setup_lines_exchange(&a, NULL, NULL, &b);
	assert_true(has_line(&b,
	    "    Set-CASMailbox -Identity 'o''neil$(x)@contoso.com' "
	    "-SmtpClientAuthenticationDisabled $false"));
	buf_clear(&b);
	setup_answers_clear(&a);
}

static void
each_cloud_has_its_places(void **state)
{
	static const struct {
		enum provider provider;
		const char *entra, *exchange;
	} rows[] = { { PROVIDER_OFFICE365, "https://entra.microsoft.com",
			 "    Connect-ExchangeOnline" },
		{ PROVIDER_OFFICE365_GCC_HIGH, "https://entra.microsoft.us",
		    "    Connect-ExchangeOnline -ExchangeEnvironmentName "
		    "O365USGovGCCHigh" },
		{ PROVIDER_OFFICE365_DOD, "https://entra.microsoft.us",
		    "    Connect-ExchangeOnline -ExchangeEnvironmentName "
		    "O365USGovDoD" },
		{ PROVIDER_OFFICE365_CHINA, "https://portal.azure.cn",
		    "    Connect-ExchangeOnline -ExchangeEnvironmentName "
		    "O365China" } };
	struct setup_answers a = answers(WAY_MANAGED);
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 65536);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a.provider = rows[i].provider;
		buf_truncate(&b, 0);
		setup_lines_register(&a, &b);
		assert_non_null(strstr(buf_data(&b), rows[i].entra));
		setup_lines_exchange(&a, OID, NULL, &b);
		assert_true(has_line(&b, rows[i].exchange));
		/* Only an identity needs it. */
		assert_non_null(strstr(buf_data(&b), "Connect-MgGraph"));
	}
	buf_clear(&b);
	setup_answers_clear(&a);
}

/* ---- the configuration ---- */

#define BEFORE \
	"[account]\nuser = old@contoso.com\nprovider = office365\n" \
	"password_command = /bin/pw\ntoken_file = t\nauth = login\n" \
	"linger = 5s\nhost = mx\n"

static void
options_follow_the_way(void **state)
{
	static const struct {
		enum setup_way way;
		const char *options; /* behind user and linger, in a word */
	} rows[] = {
		{ WAY_CERTIFICATE, "tenant client_id certificate_file "
				   "key_file" },
		{ WAY_SECRET, "tenant client_id client_secret_file" },
		{ WAY_DEVICE, "grant tenant client_id" },
		{ WAY_MANAGED, "grant client_id" },
		{ WAY_FEDERATED,
		    "grant tenant client_id federated_token_file" },
		{ WAY_PASSWORD, "auth password_file" },
	};
	static const char *const all[] = { "auth", "grant", "tenant",
		"client_id", "client_secret_file", "client_secret_expires",
		"certificate_file", "key_file", "federated_token_file",
		"password_file", "password_command", "token_file" };
	struct setup_answers a;
	struct conf_edit *x;
	struct buf b;
	size_t i, k;
	char *v;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a = answers(rows[i].way);
		x = conf_edit_new(BEFORE, strlen(BEFORE));
		a.auth = conf_edit_get(x, "account", "auth");
		assert_int_equal(setup_apply(&a, x, "account"), 0);
		buf_truncate(&b, 0);
		for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			v = conf_edit_get(x, "account", all[k]);
			if (v != NULL)
				buf_printf(
				    &b, "%s%s", b.len == 0 ? "" : " ", all[k]);
			free(v);
		}
		assert_string_equal(buf_data(&b), rows[i].options);
		v = conf_edit_get(x, "account", "linger");
		assert_string_equal(v, "5s");
		free(v);
		v = conf_edit_get(x, "account", "host");
		assert_string_equal(v, "mx");
		free(v);
		conf_edit_free(x);
		setup_answers_clear(&a);
	}
	buf_clear(&b);
}

/* What was said of one cloud's servers is not said of another's. */
static void
another_provider_has_other_servers(void **state)
{
	struct setup_answers a = answers(WAY_SECRET);
	struct conf_edit *x = conf_edit_new(BEFORE, strlen(BEFORE));
	char *v;

	(void)state;
	a.provider = PROVIDER_OFFICE365_CHINA;
	assert_int_equal(setup_apply(&a, x, "account"), 0);
	v = conf_edit_get(x, "account", "provider");
	assert_string_equal(v, "office365-china");
	free(v);
	assert_null(conf_edit_get(x, "account", "host"));
	conf_edit_free(x);
	setup_answers_clear(&a);
}

static void
answers_are_found_again(void **state)
{
	enum setup_way way;
	struct setup_answers a, b;
	struct conf_edit *x;

	(void)state;
	for (way = 0; way < WAYS; way++) {
		a = answers(way);
		a.right = RIGHT_ROLE;
		x = conf_edit_new("", 0);
		assert_int_equal(setup_apply(&a, x, "account one"), 0);
		b = setup_answers_of(x, "account one");
		assert_int_equal(b.way, way);
		assert_int_equal(
		    b.right, WAY_IS_APP(way) ? RIGHT_ROLE : RIGHT_PERMISSION);
		setup_answers_clear(&b);
		/* It is taken back, too. */
		a.right = RIGHT_PERMISSION;
		assert_int_equal(setup_apply(&a, x, "account one"), 0);
		b = setup_answers_of(x, "account one");
		assert_int_equal(b.right, RIGHT_PERMISSION);
		assert_string_equal(b.user, a.user);
		assert_string_equal(b.admin, a.admin);
		if (way == WAY_PASSWORD || way == WAY_SECRET)
			assert_string_equal(b.secret.name, "secret");
		setup_answers_clear(&a);
		setup_answers_clear(&b);
		conf_edit_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_name_the_step),
		cmocka_unit_test(refused_tokens_name_the_step),
		cmocka_unit_test(refused_sign_ins_name_the_step),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(lines_have_the_tenants_values),
		cmocka_unit_test(values_are_quoted),
		cmocka_unit_test(each_cloud_has_its_places),
		cmocka_unit_test(options_follow_the_way),
		cmocka_unit_test(another_provider_has_other_servers),
		cmocka_unit_test(answers_are_found_again),
	};

	return cmocka_run_group_tests_name("admin_setup", tests, NULL, NULL);
}
