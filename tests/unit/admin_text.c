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

#include "admin/text.h"

static void
ages_and_sizes(void **state)
{
	static const struct {
		int64_t s;
		const char *age;
	} ages[] = { { -5, "0s" }, { 0, "0s" }, { 59, "59s" }, { 60, "1m" },
		{ 3599, "59m" }, { 3600, "1h" }, { 86399, "23h" },
		{ 86400, "1d" }, { 8640000, "100d" } };
	static const struct {
		uint64_t octets;
		const char *size;
	} sizes[] = { { 0, "0B" }, { 1023, "1023B" }, { 1024, "1.0K" },
		{ 1535, "1.4K" }, { 10239, "9.9K" }, { 10240, "10K" },
		{ 36700160, "35M" }, { UINT64_C(1) << 40, "1.0T" },
		{ UINT64_MAX, "15E" } };
	char out[TEXT_SHORT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		text_age(ages[i].s, out);
		assert_string_equal(out, ages[i].age);
	}
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		text_size(sizes[i].octets, out);
		assert_string_equal(out, sizes[i].size);
	}
}

static void
times(void **state)
{
	char next[TEXT_SHORT], out[TEXT_TIME];

	(void)state;
	text_next(0, 100, next);
	assert_string_equal(next, "-");
	text_next(100, 100, next);
	assert_string_equal(next, "now");
	text_next(50, 100, next);
	assert_string_equal(next, "now");
	text_next(140, 100, next);
	assert_string_equal(next, "in 40s");
	text_utc_time(1700000000, out);
	assert_string_equal(out, "2023-11-14T22:13:20Z");
	text_utc_time(INT64_MAX, out);
	assert_string_equal(out, "?");
	text_local_time(INT64_MAX, out);
	assert_string_equal(out, "?");
}

/* What a function prints, as a string to be freed. */
static FILE *
capture(char **text, size_t *n)
{
	FILE *out = open_memstream(text, n);

	assert_non_null(out);
	return out;
}

static void
nothing_foreign_reaches_the_terminal(void **state)
{
	char *text;
	FILE *out;
	size_t n;

	(void)state;
	out = capture(&text, &n);
	text_put(out, "a\033[2Jb\xc2\x9b\r\n\xff");
	text_put(out, NULL);
	fclose(out);
	assert_string_equal(text, "a\\x1b[2Jb\\xc2\\x9b\\x0d\\x0a\\xff");
	free(text);
	out = capture(&text, &n);
	text_put_para(out, 2, "do", "x\033y");
	text_put_reply(out, 0, NULL, "\a");
	fclose(out);
	assert_string_equal(text, "  do      x\\x1by\n\\x07");
	free(text);
}

static void
replies_name_their_code_once(void **state)
{
	static const struct {
		uint64_t code;
		const char *status, *text, *want;
	} replies[] = {
		{ 450, "4.2.1", "450 4.2.1 busy", "450 4.2.1 busy" },
		{ 450, "4.2.1", "busy", "450 4.2.1 busy" },
		{ 450, "4.2.1", "4.2.1 busy", "450 4.2.1 busy" },
		{ 450, NULL, "busy", "450 busy" },
		{ 450, "4.2.1", NULL, "450 4.2.1 " },
		{ 0, "4.4.1", "no route", "no route" },
		{ 0, NULL, NULL, "" },
	};
	char *text;
	FILE *out;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		out = capture(&text, &n);
		text_put_reply(
		    out, replies[i].code, replies[i].status, replies[i].text);
		fclose(out);
		assert_string_equal(text, replies[i].want);
		free(text);
	}
}

static void
paragraphs_fit_the_screen(void **state)
{
	char *text, *line, *end;
	FILE *out;
	size_t n;

	(void)state;
	out = capture(&text, &n);
	text_put_para(out, 4, "means",
	    "one two three four five six seven eight nine ten eleven twelve "
	    "thirteen fourteen fifteen sixteen seventeen");
	text_put_para(out, 4, "means", "");
	text_put_para(out, 4, "means", NULL);
	fclose(out);
	assert_int_equal(strncmp(text, "    means   one two", 19), 0);
	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1)
		assert_true(end - line <= 78);
	assert_string_equal(line, "");
	free(text);
	/* A word without blanks is cut rather than lost. */
	out = capture(&text, &n);
	fclose(out);
	free(text);
	out = capture(&text, &n);
	text_put_para(out, 0, "x",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "b");
	fclose(out);
	assert_non_null(strstr(text, "ab\n"));
	free(text);
}

/* As one line it can be copied, wherever the screen ends. */
static void
commands_are_not_broken(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	text_put_para(out, 2, "do",
	    "Run Set-CASMailbox -Identity alerts@contoso.example "
	    "-SmtpClientAuthenticationDisabled $false or, for all mailboxes of "
	    "the tenant, Set-TransportConfig -SmtpClientAuthenticationDisabled "
	    "$false");
	text_put_para(out, 2, "do",
	    "Add it: Add-RecipientPermission -Identity a@b -Trustee c@d "
	    "-AccessRights SendAs. Then wait for an hour.");
	/* A long word breaks anywhere; this is none that is copied. */
	text_put_para(out, 2, "do",
	    "Pre-Authorised-Words-That-Are-Very-Long-Indeed-And-No-Command-At-"
	    "All-Since-Nothing-Follows.");
	fclose(out);
	assert_string_equal(text,
	    "  do      Run\n"
	    "          Set-CASMailbox -Identity alerts@contoso.example "
	    "-SmtpClientAuthenticationDisabled $false\n"
	    "          or, for all mailboxes of the tenant,\n"
	    "          Set-TransportConfig -SmtpClientAuthenticationDisabled "
	    "$false\n"
	    "  do      Add it:\n"
	    "          Add-RecipientPermission -Identity a@b -Trustee c@d "
	    "-AccessRights SendAs.\n"
	    "          Then wait for an hour.\n"
	    "  do      Pre-Authorised-Words-That-Are-Very-Long-Indeed-And-No-"
	    "Command-At-All\n"
	    "          -Since-Nothing-Follows.\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_and_sizes),
		cmocka_unit_test(times),
		cmocka_unit_test(nothing_foreign_reaches_the_terminal),
		cmocka_unit_test(replies_name_their_code_once),
		cmocka_unit_test(paragraphs_fit_the_screen),
		cmocka_unit_test(commands_are_not_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
