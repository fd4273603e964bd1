/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"

#include "tests/unit/conf_help.h"

static void
show_into(void *arg, const char *section, const char *name, const char *value,
    const char *origin)
{
	buf_printf(arg, "%s|%s|%s|%s\n", section, name, value, origin);
}

static void
shows_values_with_their_origin(void **state)
{
	struct conf *c = good("[account]\nuser = a@contoso.com\n"
			      "password_command = /bin/p \"x y\"\n"
			      "linger = 90s\nrate = 20/2m\nrewrite = always\n"
			      "[account b]\nprovider = smtp\nhost = h.example\n"
			      "[queue]\nuid_bytes = 1536K\n"
			      "retry = 60s,120s\n");
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	conf_each(c, show_into, &b);
#define SHOWN(line) assert_non_null(strstr(buf_data(&b), line "\n"))
	SHOWN("account|user|a@contoso.com|f:2");
	SHOWN("account|password_command|/bin/p \"x y\"|f:3");
	SHOWN("account|linger|90s|f:4");
	SHOWN("account|rate|20/2m|f:5");
	SHOWN("account|rewrite|always|f:6");
	SHOWN("account|auth|login|default");
	SHOWN("account|users|all|default");
	SHOWN("account|host|smtp.office365.com|default");
	SHOWN("account b|rate|none|default");
	SHOWN("account b|recipients_per_day|none|default");
	SHOWN("account b|host|h.example|f:9");
	SHOWN("queue|uid_bytes|1536K|f:11");
	SHOWN("queue|retry|1m 2m|f:12");
	SHOWN("queue|delivery|on|default");
	SHOWN("queue|delay_notice|4h|default");
	SHOWN("local|redirect|none|default");
	SHOWN("local|hostname|web01.contoso.com|default");
	SHOWN("sandbox|mode|strict|default");
	assert_null(strstr(buf_data(&b), "|password_file|"));
	buf_clear(&b);
	conf_free(c);
}

static void
knows_what_needs_a_new_start(void **state)
{
	static const struct {
		const char *text, *option;
	} rows[] = {
		{ "", NULL },
		{ "[queue]\nlifetime = 3d\n", NULL },
		{ "[log]\nlevel = debug\n[sandbox]\nmode = off\n", NULL },
		{ "[queue]\nuser = other\n", "queue.user" },
		{ "[queue]\nadmin_group = adm\n", "queue.admin_group" },
		{ "[queue]\ndirectory = /q\n", "queue.directory" },
		{ "[queue]\nsocket_directory = /q\n",
		    "queue.socket_directory" },
		{ "[queue]\ndrop_directory = /q\n", "queue.drop_directory" },
	};
	static const char account[] = "[account]\nuser = a@contoso.com\n"
				      "password_file = p\n";
	struct conf *now = good(account), *next;
	char text[256], *option;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", account, rows[i].text);
		next = good(text);
		option = conf_restart_option(now, next);
		if (rows[i].option == NULL)
			assert_null(option);
		else
			assert_string_equal(option, rows[i].option);
		free(option);
		conf_free(next);
	}
	conf_free(now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_values_with_their_origin),
		cmocka_unit_test(knows_what_needs_a_new_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
