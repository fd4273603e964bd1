/* SPDX-License-Identifier: ISC */
/* A users' file with a line changed, and passwords that will not do. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/passwd.h"
#include "common/users.h"

#define OUT_MAX (64 * 1024)

static void
edit(const char *text, const char *login, const char *hash, bool was_there,
    const char *want)
{
	struct buf b;

	buf_init(&b, OUT_MAX);
	assert_int_equal(
	    passwd_edit(&b, text, strlen(text), login, hash), was_there);
	assert_string_equal(buf_data(&b), want);
	buf_clear(&b);
}

#define TEXT \
	"# ours\n\n" \
	"Scanner:$6$a$b:a@b.example, @c.example\n" \
	";x\n" \
	"phone:$6$c$d\n"

static void
lines(void **state)
{
	(void)state;
	edit("", "a", "$y$n", false, "a:$y$n\n");
	edit("b:$y$x", "a", "$y$n", false, "b:$y$x\na:$y$n\n");
	edit(TEXT, "new", "$y$n", false, TEXT "new:$y$n\n");
	/* the file's spelling and senders stay */
	edit(TEXT, "scanner", "$y$n", true,
	    "# ours\n\n"
	    "Scanner:$y$n:a@b.example, @c.example\n"
	    ";x\n"
	    "phone:$6$c$d\n");
	edit(TEXT, "PHONE", NULL, true,
	    "# ours\n\n"
	    "Scanner:$6$a$b:a@b.example, @c.example\n"
	    ";x\n");
	edit(TEXT, "phon", NULL, false, TEXT);
	edit("# phone:$6$c$d\n", "# phone", NULL, false, "# phone:$6$c$d\n");
}

static const char *
fault(const char *login, const char *p, size_t n)
{
	const char *why;
	struct buf b;

	buf_init(&b, OUT_MAX);
	assert_int_equal(buf_append(&b, p, n), 0);
	why = passwd_fault(login, &b);
	buf_clear(&b);
	return why;
}

static void
passwords(void **state)
{
	char longest[USERS_PASSWORD_MAX + 1];

	(void)state;
	assert_null(fault("a", "12345678", 8));
	assert_null(fault("a", "with blanks \xc3\xa4", 14));
	assert_non_null(strstr(fault("a", "", 0), "fewer than 8"));
	assert_non_null(strstr(fault("a", "1234567", 7), "fewer than 8"));
	memset(longest, 'x', sizeof(longest));
	assert_null(fault("a", longest, USERS_PASSWORD_MAX));
	assert_non_null(strstr(
	    fault("a", longest, USERS_PASSWORD_MAX + 1), "more than 511"));
	assert_non_null(strstr(fault("a",
				   "1234\0"
				   "567",
				   8),
	    "control"));
	assert_non_null(strstr(fault("a", "1234\t678", 8), "control"));
	assert_non_null(strstr(fault("a", "1234567\x7f", 8), "control"));
	assert_non_null(strstr(fault("a", "1234567\xff", 8), "UTF-8"));
	assert_non_null(strstr(fault("Scanner-1", "scanner-1", 9), "itself"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(passwords),
	};

	return cmocka_run_group_tests_name("passwd", tests, NULL, NULL);
}
