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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clouds_have_their_hosts),
		cmocka_unit_test(loopback_serves_every_provider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
