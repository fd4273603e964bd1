/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "common/conf_table.h"
#include "common/conf_value.h"

static void
every_default_can_be_read(void **state)
{
	struct conf_account account;
	struct conf conf;
	struct err e;
	size_t i, j;

	(void)state;
	assert_true(conf_noptions < CONF_OPTIONS_MAX);
	for (i = 0; i < conf_noptions; i++) {
		const struct conf_option *o = &conf_options[i];
		void *base = o->section == SECTION_ACCOUNT ? (void *)&account
							   : (void *)&conf;

		assert_non_null(o->help);
		/* Each has a default, a word for none, or one in words. */
		assert_true(o->def != NULL || o->shown != NULL ||
			    o->none != NULL || (o->flags & OPTION_SECRET) != 0);
		for (j = 0; j < i; j++)
			assert_false(
			    conf_options[j].section == o->section &&
			    strcmp(conf_options[j].name, o->name) == 0);
		if (o->def == NULL)
			continue;
		memset(&account, 0, sizeof(account));
		memset(&conf, 0, sizeof(conf));
		assert_int_equal(conf_value_set(o, base, o->def, &e), 0);
		conf_value_clear(o, base);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
