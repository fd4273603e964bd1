/* SPDX-License-Identifier: ISC */
/* Prometheus' text format: what any value becomes in it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/exposition.h"

#define HEAD "# HELP m_x What it is.\n# TYPE m_x gauge\n"

static char *text;
static size_t length;
static struct exposition x;

static void
begin(void)
{
	exposition_init(&x, open_memstream(&text, &length));
	exposition_begin(&x, "m_x", EXPOSITION_GAUGE, "What it is.");
}

static void
end(const char *want)
{
	exposition_clear(&x);
	assert_int_equal(fclose(x.to), 0);
	assert_string_equal(text, want);
	free(text);
}

static void
a_family_has_its_head_once(void **state)
{
	(void)state;
	begin();
	exposition_number(&x, (const char *const[]){ "account", "a", NULL }, 1);
	exposition_number(
	    &x, (const char *const[]){ "account", "b", "state", "", NULL }, 2);
	exposition_begin(
	    &x, "m_y_total", EXPOSITION_COUNTER, "Something else.");
	exposition_number(&x, (const char *const[]){ NULL }, 3);
	end(HEAD "m_x{account=\"a\"} 1\n"
		 "m_x{account=\"b\",state=\"\"} 2\n"
		 "# HELP m_y_total Something else.\n"
		 "# TYPE m_y_total counter\n"
		 "m_y_total 3\n");
}

static void
one_without_a_sample_is_not_there(void **state)
{
	(void)state;
	begin();
	exposition_begin(&x, "m_z", EXPOSITION_GAUGE, "Nothing.");
	end("");
}

/* Readers refuse all of a text in which something stands twice. */
static void
the_same_labels_come_once(void **state)
{
	(void)state;
	begin();
	exposition_number(&x, (const char *const[]){ "account", "a", NULL }, 1);
	exposition_number(&x, (const char *const[]){ "account", "a", NULL }, 2);
	exposition_number(&x, (const char *const[]){ "account", "A", NULL }, 3);
	/* Those of another family are another matter. */
	exposition_begin(&x, "m_z", EXPOSITION_GAUGE, "Nothing.");
	exposition_number(&x, (const char *const[]){ "account", "a", NULL }, 4);
	end(HEAD "m_x{account=\"a\"} 1\n"
		 "m_x{account=\"A\"} 3\n"
		 "# HELP m_z Nothing.\n"
		 "# TYPE m_z gauge\n"
		 "m_z{account=\"a\"} 4\n");
}

static void
label_values_are_escaped(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "a\\b", "a\\\\b" },
		{ "say \"hi\"", "say \\\"hi\\\"" },
		{ "two\nlines", "two\\nlines" },
		{ "\\n", "\\\\n" },
		{ "{a=b},c", "{a=b},c" },
		{ "b\xc3\xbc"
		  "ro",
		    "b\xc3\xbc"
		    "ro" },
		/* No UTF-8, cut off, and what a terminal would obey. */
		{ "a\xff", "a\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },
		{ "\xc2\x9b"
		  "m",
		    "\xef\xbf\xbd\xef\xbf\xbd"
		    "m" },
		{ "\033[2J\r\t\x7f",
		    "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};
	char want[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		exposition_number(&x,
		    (const char *const[]){ "account", cases[i].value, NULL },
		    1);
		snprintf(want, sizeof(want), HEAD "m_x{account=\"%s\"} 1\n",
		    cases[i].want);
		end(want);
	}
}

/* What is cut off would be no text any more. */
static void
the_longest_value_comes_whole(void **state)
{
	size_t n = 256 * 1024;
	char *value = malloc(n + 1);

	(void)state;
	assert_non_null(value);
	memset(value, 0xff, n);
	value[n] = '\0';
	begin();
	exposition_number(
	    &x, (const char *const[]){ "account", value, NULL }, 1);
	exposition_clear(&x);
	assert_int_equal(fclose(x.to), 0);
	assert_int_equal(length, strlen(HEAD "m_x{account=\"\"} 1\n") + 3 * n);
	assert_string_equal(text + length - strlen("\"} 1\n"), "\"} 1\n");
	free(text);
	free(value);
}

static void
numbers_instants_and_limits(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	begin();
	exposition_number(&x, none, 0);
	end(HEAD "m_x 0\n");
	begin();
	/* No exponent, in which digits would be lost. */
	exposition_number(&x, none, UINT64_MAX);
	end(HEAD "m_x 18446744073709551615\n");
	begin();
	exposition_time(&x, none, 1796000000);
	end(HEAD "m_x 1796000000\n");
	begin();
	exposition_time(&x, none, 0);
	end(HEAD "m_x NaN\n");
	begin();
	exposition_limit(&x, none, 28);
	end(HEAD "m_x 28\n");
	begin();
	exposition_limit(&x, none, 0);
	end(HEAD "m_x +Inf\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_has_its_head_once),
		cmocka_unit_test(one_without_a_sample_is_not_there),
		cmocka_unit_test(the_same_labels_come_once),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(the_longest_value_comes_whole),
		cmocka_unit_test(numbers_instants_and_limits),
	};

	return cmocka_run_group_tests_name(
	    "admin_exposition", tests, NULL, NULL);
}
