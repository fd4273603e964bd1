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
	struct conf_host host;
	const char *local; /* lines of [local] */
	const char *hostname, *domain, *names;
	bool warned;
} hosts[] = {
	{ { "web01.contoso.com", "", NULL }, "", "web01.contoso.com",
	    "web01.contoso.com", "web01.contoso.com web01 localhost", false },
	{ { "web01", "contoso.com", NULL }, "", "web01.contoso.com",
	    "contoso.com", "web01.contoso.com web01 localhost", false },
	{ { "web01", "web01.contoso.com", NULL }, "", "web01.contoso.com",
	    "web01.contoso.com", "web01.contoso.com web01 localhost", false },
	{ { "web01", "other.example", NULL }, "domain = contoso.com",
	    "web01.contoso.com", "contoso.com",
	    "web01.contoso.com web01 localhost", false },
	{ { "web01", "mail.example", NULL }, "domain = lan",
	    "web01.mail.example", "lan", "web01.mail.example web01 localhost",
	    false },
	{ { "web01", "", "192.0.2.7" }, "", "[192.0.2.7]", "[192.0.2.7]",
	    "[192.0.2.7] web01 localhost", true },
	{ { "web01", "", "2001:db8::7" }, "domain = lan", "[IPv6:2001:db8::7]",
	    "lan", "[IPv6:2001:db8::7] web01 localhost", true },
	{ { "(none)", "x.example", "192.0.2.7" }, "", "[192.0.2.7]",
	    "x.example", "[192.0.2.7] localhost", true },
	{ { "", "", "192.0.2.7" }, "hostname = a.b.example", "a.b.example",
	    "a.b.example", "a.b.example a localhost", false },
	{ { "", "not a domain!", "192.0.2.7" }, "hostname = [192.0.2.9]",
	    "[192.0.2.9]", "[192.0.2.9]", "[192.0.2.9] localhost", false },
	{ { "localhost", "c.example", NULL }, "", "localhost.c.example",
	    "c.example", "localhost.c.example localhost", false },
	{ { "web01", "c.example", NULL }, "names = x.example\n  y.example",
	    "web01.c.example", "c.example", "x.example y.example", false },
};

static void
names_this_host(void **state)
{
	struct conf_problems p;
	struct buf text, names;
	struct conf *c;
	size_t i, j;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&names, 4096);
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		memset(&p, 0, sizeof(p));
		buf_truncate(&text, 0);
		buf_printf(&text, MAILBOX "[local]\n%s\n", hosts[i].local);
		c = conf_parse("f", buf_data(&text), text.len, CONF_FULL,
		    &hosts[i].host, &p);
		assert_non_null(c);
		assert_string_equal(c->local.hostname, hosts[i].hostname);
		assert_string_equal(c->local.domain, hosts[i].domain);
		buf_truncate(&names, 0);
		for (j = 0; j < c->local.names.n; j++)
			buf_printf(&names, "%s%s", j == 0 ? "" : " ",
			    c->local.names.v[j]);
		assert_string_equal(buf_data(&names), hosts[i].names);
		assert_int_equal(
		    has(&p.warnings, "has no domain"), hosts[i].warned);
		conf_free(c);
		conf_problems_clear(&p);
	}
	buf_clear(&text);
	buf_clear(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
