/* SPDX-License-Identifier: ISC */
/* Each refusal fits a copier's display, and each is found. */
#include "config.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/device_words.h"

#define LINE 40 /* of a display that has two */

static void
assert_fits(const char *words)
{
	size_t i, n = strlen(words);

	assert_in_range(n, 8, DEVICE_WORDS_MAX);
	if (n > LINE)
		fail_msg("\"%s\" has %zu characters", words, n);
	for (i = 0; i < n; i++)
		assert_true(words[i] >= ' ' && words[i] <= '~');
	/* Nobody quotes what a client said. */
	assert_null(strchr(words, '%'));
	assert_true(isupper((unsigned char)words[0]));
	assert_true(words[n - 1] != '.');
}

static void
each_fits_a_display(void **state)
{
	size_t i;

	(void)state;
	assert_true(ndevice_words > 20);
	for (i = 0; i < ndevice_words; i++) {
		assert_fits(device_words[i].words);
		assert_in_range(device_words[i].code, 400, 599);
		assert_int_equal(device_words[i].code / 100,
		    device_words[i].status[0] - '0');
		assert_true(strlen(device_words[i].fix) > 20);
		assert_true(strlen(device_words[i].fix) < 200);
	}
	assert_fits(device_words_find(499, "4.9.9", "")->words);
	assert_fits(device_words_find(599, "5.9.9", "")->words);
}

/* A row that stands behind one that takes all of its code is never found. */
static void
each_row_is_found(void **state)
{
	const struct device_words *w;
	size_t i;

	(void)state;
	for (i = 0; i < ndevice_words; i++) {
		w = &device_words[i];
		assert_ptr_equal(device_words_find(w->code, w->status,
				     w->has == NULL ? "" : w->has),
		    w);
	}
}

static void
what_no_row_knows_goes_by_its_digit(void **state)
{
	(void)state;
	assert_string_equal(device_words_find(450, "4.2.0", "x")->words,
	    "Not now; try again later");
	assert_string_equal(
	    device_words_find(550, "5.2.0", "x")->words, "Refused; ask admin");
	/* Of that code, and another status. */
	assert_string_equal(
	    device_words_find(554, "5.2.0", "x")->words, "Refused; ask admin");
}

static void
a_reason_tells_rows_apart(void **state)
{
	(void)state;
	assert_non_null(
	    strstr(device_words_find(452, "4.5.3", "at most 5 recipients")->fix,
		"max_recipients"));
	assert_non_null(strstr(
	    device_words_find(452, "4.5.3", "has 9 messages waiting")->fix,
	    "queue.uid_messages"));
	assert_non_null(strstr(
	    device_words_find(530, "5.7.0", "STARTTLS comes first")->words,
	    "TLS"));
}

static void
the_fix_names_the_listener(void **state)
{
	struct device_words w = { 550, "5.7.1", NULL, "Words here",
		"set NAME: from of [listen NAME] to it" };
	char fix[64], small[16];

	(void)state;
	device_words_fix(&w, "floor3", fix, sizeof(fix));
	assert_string_equal(fix, "set NAME: from of [listen floor3] to it");
	device_words_fix(&w, "floor3", small, sizeof(small));
	assert_string_equal(small, "set NAME: from ");
	w.fix = "nothing to name";
	device_words_fix(&w, "floor3", fix, sizeof(fix));
	assert_string_equal(fix, "nothing to name");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fits_a_display),
		cmocka_unit_test(each_row_is_found),
		cmocka_unit_test(what_no_row_knows_goes_by_its_digit),
		cmocka_unit_test(a_reason_tells_rows_apart),
		cmocka_unit_test(the_fix_names_the_listener),
	};

	return cmocka_run_group_tests_name("device_words", tests, NULL, NULL);
}
