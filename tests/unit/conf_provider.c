/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"

#include "tests/unit/conf_help.h"

static const struct {
	const char *name, *host, *legacy;
} clouds[] = {
	{ "office365", "smtp.office365.com", "smtp-legacy.office365.com" },
	{ "office365-gcc-high", "outlook.office365.us", NULL },
	{ "office365-dod", "outlook-dod.office365.us", NULL },
	{ "office365-china", "smtp.partner.outlook.cn",
	    "smtp-legacy.partner.outlook.cn" },
};

static void
clouds_have_their_hosts(void **state)
{
	const struct conf_account *a;
	struct conf *c;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
		buf_truncate(&b, 0);
		buf_printf(&b, MAILBOX "provider = %s\n", clouds[i].name);
		c = good(buf_data(&b));
		a = &c->accounts[0];
		assert_true(provider_is_office365(a->provider));
		assert_string_equal(a->hosts.v[0], clouds[i].host);
		if (clouds[i].legacy == NULL)
			assert_null(a->legacy_host);
		else
			assert_string_equal(a->legacy_host, clouds[i].legacy);
		conf_free(c);
	}
	buf_clear(&b);
}

static void
loopback_serves_every_provider(void **state)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "::1",
		"[::1]:2525", "127.1.2.3:25", "mail.localhost" };
	struct conf *c;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_truncate(&b, 0);
		buf_printf(&b,
		    MAILBOX "host = %s\nport = 465\ntls = implicit\n",
		    names[i]);
		c = good(buf_data(&b));
		assert_string_equal(c->accounts[0].hosts.v[0], names[i]);
		conf_free(c);
	}
	buf_clear(&b);
}

/* The limits of a mailbox are those of its cloud, and all have the same. */
static void
clouds_have_their_limits(void **state)
{
	const struct conf_account *a;
	struct conf *c;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
		buf_truncate(&b, 0);
		buf_printf(&b, MAILBOX "provider = %s\n", clouds[i].name);
		c = good(buf_data(&b));
		a = &c->accounts[0];
		assert_int_equal(a->port, 587);
		assert_int_equal(a->tls, TLS_STARTTLS);
		assert_int_equal(a->auth, AUTH_LOGIN);
		assert_int_equal(a->rate.count, 28);
		assert_int_equal(a->rate.per_s, 60);
		assert_int_equal(a->recipients_per_day, 10000);
		assert_int_equal(a->recipients_per_message, 500);
		assert_int_equal(a->connections, 2);
		conf_free(c);
	}
	buf_clear(&b);
	c = good("[local]\nadmin = a@contoso.com\n" SMTP);
	a = &c->accounts[0];
	assert_int_equal(a->rate.count, 0);
	assert_int_equal(a->recipients_per_day, 0);
	assert_int_equal(a->auth, AUTH_NONE);
	assert_null(a->legacy_host);
	conf_free(c);
}

/* What no cloud of theirs can do is refused in each, with the reason. */
static void
no_cloud_takes_what_none_has(void **state)
{
	static const struct conf_case never[] = {
		{ "port = 465\n", "does not answer on port 465" },
		{ "tls = implicit\n", "has no implicit TLS" },
		{ "tls = none\n", "tls = none is for loopback alone" },
		{ "auth = plain\n", "does not offer PLAIN" },
		{ "auth = none\n", "needs a sign-in" },
		{ "host = 192.0.2.1\n", "host 192.0.2.1 is an address" },
		{ "host = a.example b.example\n", "Microsoft's is one" },
		{ "connections = 4\n", "more than the 3" },
	};
	struct conf_case one;
	struct buf b;
	size_t i, k;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++)
		for (k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
			buf_truncate(&b, 0);
			buf_printf(&b, MAILBOX "provider = %s\n%s",
			    clouds[i].name, never[k].text);
			one.text = buf_data(&b);
			one.want = never[k].want;
			refuses_each(&one, 1);
		}
	buf_clear(&b);
}

/* Microsoft's other submission services have the same port and no other. */
static void
hosts_of_other_services_are_theirs(void **state)
{
	static const char *const hosts[] = { "smtp-mail.outlook.com",
		"smtp.office365.us", "webmail.apps.mil", "smtp.mx.microsoft",
		"smtp.azurecomm.net", "SMTP.Office365.com",
		"smtp.office365.com." };
	struct conf_case one = { .want = "does not answer on port 465" };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		buf_truncate(&b, 0);
		buf_printf(&b, MAILBOX "host = %s\nport = 465\n", hosts[i]);
		one.text = buf_data(&b);
		refuses_each(&one, 1);
	}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clouds_have_their_hosts),
		cmocka_unit_test(clouds_have_their_limits),
		cmocka_unit_test(no_cloud_takes_what_none_has),
		cmocka_unit_test(hosts_of_other_services_are_theirs),
		cmocka_unit_test(loopback_serves_every_provider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
