/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "common/conf_value.h"

/* Values that come back as they were written, or in a plainer form. */
static const struct {
	enum conf_section section;
	const char *name, *text, *back;
} values[] = {
	{ SECTION_QUEUE, "lifetime", "5d", "5d" },
	{ SECTION_QUEUE, "lifetime", "2w", "14d" },
	{ SECTION_QUEUE, "lifetime", "120m", "2h" },
	{ SECTION_QUEUE, "lifetime", "121s", "121s" },
	{ SECTION_QUEUE, "delay_notice", "never", "never" },
	{ SECTION_QUEUE, "delay_notice", "1h", "1h" },
	{ SECTION_QUEUE, "message_size_max", "36700160", "35M" },
	{ SECTION_QUEUE, "message_size_max", "1000", "1000" },
	{ SECTION_QUEUE, "free_space_min", "0", "0" },
	{ SECTION_QUEUE, "delivery", "no", "off" },
	{ SECTION_QUEUE, "uid_messages", "7", "7" },
	{ SECTION_QUEUE, "retry", "1m,90s 1h", "1m 90s 1h" },
	{ SECTION_QUEUE, "admin_group", "none", "none" },
	{ SECTION_QUEUE, "admin_group", "mail", "mail" },
	{ SECTION_ACCOUNT, "rate", "none", "none" },
	{ SECTION_ACCOUNT, "rate", "30/60s", "30/1m" },
	{ SECTION_ACCOUNT, "rate", "9/24h", "9/1d" },
	{ SECTION_ACCOUNT, "port", "25", "25" },
	{ SECTION_ACCOUNT, "tls_min", "1.3", "1.3" },
	{ SECTION_ACCOUNT, "users", "all", "all" },
	{ SECTION_ACCOUNT, "users", "root,@wheel", "root @wheel" },
	{ SECTION_ACCOUNT, "recipients_per_day", "none", "none" },
	{ SECTION_ACCOUNT, "original_from", "no", "no" },
	{ SECTION_ACCOUNT, "senders", "a@b,@c , *", "a@b @c *" },
	{ SECTION_ACCOUNT, "password_command", "/bin/a  b", "/bin/a b" },
	{ SECTION_ACCOUNT, "password_command", "/bin/a \"\" \"b c\" \"\\\"\"",
	    "/bin/a \"\" \"b c\" \"\\\"\"" },
	{ SECTION_LOG, "level", "debug", "debug" },
	{ SECTION_SANDBOX, "mode", "log", "log" },
};

static union {
	struct conf conf;
	struct conf_account account;
} base;

static void
values_come_back(void **state)
{
	struct err e;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct conf_option *o =
		    conf_option_find(values[i].section, values[i].name);

		memset(&base, 0, sizeof(base));
		buf_truncate(&b, 0);
		assert_non_null(o);
		assert_int_equal(
		    conf_value_set(o, &base, values[i].text, &e), 0);
		assert_true(conf_value_put(o, &base, &b));
		assert_string_equal(buf_data(&b), values[i].back);
		conf_value_clear(o, &base);
	}
	buf_clear(&b);
}

/* A refused value changes nothing: the default is to stand in its place. */
static const struct {
	enum conf_section section;
	const char *name, *text;
} wrong[] = {
	{ SECTION_QUEUE, "lifetime", "0s" },
	{ SECTION_QUEUE, "lifetime", "366d" },
	{ SECTION_QUEUE, "retry", "1m 0s" },
	{ SECTION_QUEUE, "retry", "31d" },
	{ SECTION_QUEUE, "message_size_max", "0" },
	{ SECTION_QUEUE, "message_size_max", "101G" },
	{ SECTION_QUEUE, "delivery", "On" },
	{ SECTION_QUEUE, "uncertain", "" },
	{ SECTION_ACCOUNT, "connections", "17" },
	{ SECTION_ACCOUNT, "users", "root all:" },
	{ SECTION_ACCOUNT, "host", "a b:x" },
	{ SECTION_ACCOUNT, "password_command", "/bin/a \"b" },
	{ SECTION_ACCOUNT, "password_command", "\"\"" },
	{ SECTION_ACCOUNT, "rate", "/1m" },
	{ SECTION_ACCOUNT, "rate", "1000000001/1m" },
};

static void
refused_values_change_nothing(void **state)
{
	static const char zero[sizeof(base)];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&base, 0, sizeof(base));
		if (conf_value_set(
			conf_option_find(wrong[i].section, wrong[i].name),
			&base, wrong[i].text, &e) != -1)
			fail_msg("%s takes %s", wrong[i].name, wrong[i].text);
		assert_memory_equal(&base, zero, sizeof(base));
		assert_true(strlen(e.text) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(refused_values_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
