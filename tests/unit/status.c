/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/status.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
codes_are_read(void **state)
{
	static const struct {
		unsigned code;
		const char *text, *status;
	} cases[] = {
		{ 550, "5.1.1 User unknown", "5.1.1" },
		{ 250, "2.0.0", "2.0.0" },
		{ 421, "4.7.66\ttext", "4.7.66" },
		{ 554, "5.2.252 SendAsDenied", "5.2.252" },
		{ 550, "5.123.999 x", "5.123.999" },
		{ 550, "User unknown", "" },
		{ 550, "", "" },
		{ 550, "5", "" },
		{ 550, "5.", "" },
		{ 550, "5.1", "" },
		{ 550, "5.1.", "" },
		{ 550, "5..1", "" },
		{ 550, "5.1.1.1 x", "" },
		{ 550, "5.1.1x", "" },
		{ 550, "5.1234.1 x", "" },
		{ 550, "5.1.1234 x", "" },
		{ 550, "5.01.1 x", "" },
		{ 550, "4.1.1 another class", "" },
		{ 450, "5.1.1 another class", "" },
		{ 354, "3.0.0 no such class", "" },
		{ 550, " 5.1.1 x", "" },
	};
	char out[ERR_STATUS_MAX];
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		rc = status_parse(cases[i].code, cases[i].text, out);
		assert_string_equal(out, cases[i].status);
		assert_int_equal(rc, cases[i].status[0] == '\0' ? -1 : 0);
	}
}

static void
classes_and_defaults(void **state)
{
	(void)state;
	assert_int_equal(status_class("5.1.1"), ERR_PERM);
	assert_int_equal(status_class("4.1.1"), ERR_TEMP);
	assert_int_equal(status_class("2.1.5"), ERR_NONE);
	assert_int_equal(status_class(""), ERR_TEMP);
	assert_int_equal(status_class("nonsense"), ERR_TEMP);
	assert_string_equal(status_default(550), "5.0.0");
	assert_string_equal(status_default(250), "2.0.0");
	assert_string_equal(status_default(421), "4.0.0");
	assert_string_equal(status_default(0), "4.0.0");
	assert_string_equal(status_default(999), "4.0.0");
}

static void
every_code_has_a_sentence(void **state)
{
	static const char *const odd[] = { "", "5", "5.", "5.99.1", "x.y.z" };
	size_t i;

	(void)state;
	assert_string_equal(
	    status_text("5.1.1"), "The mailbox does not exist.");
	assert_string_equal(status_text("4.1.1"), status_text("5.1.1"));
	/* an unknown detail says what its subject says */
	assert_string_equal(status_text("5.2.252"), status_text("5.2.0"));
	assert_string_not_equal(status_text("5.1.10"), status_text("5.1.1"));
	for (i = 0; i < COUNT(odd); i++)
		assert_string_equal(
		    status_text(odd[i]), "The message could not be delivered.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_read),
		cmocka_unit_test(classes_and_defaults),
		cmocka_unit_test(every_code_has_a_sentence),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
