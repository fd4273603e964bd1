/* SPDX-License-Identifier: ISC */
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

#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/tidy_priv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Stands for the names that DNS has. */
static char *
to_ascii(const char *domain)
{
	return strcmp(domain, "gr\xc3\xbcn.example") == 0
		   ? xstrdup("xn--grn-hoa.example")
		   : NULL;
}

static void
mailboxes_are_said_in_ascii(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "A <a@b.example>, c@d.example", "A <a@b.example>, "
						  "c@d.example" },
		{ "J\xc3\xb6rg <j@b.example>",
		    "=?UTF-8?Q?J=C3=B6rg?= <j@b.example>" },
		/* the others keep their text */
		{ "\"A, B\" <a@b.example> (c), J\xc3\xb6rg <j@b.example>,x@y",
		    "\"A, B\" <a@b.example> (c), =?UTF-8?Q?J=C3=B6rg?= "
		    "<j@b.example>,x@y" },
		{ "\"Gr\xc3\xbcn, K\" <k@b.example> (B\xc3\xbcro)",
		    "=?UTF-8?Q?Gr=C3=BCn=2C_K?= <k@b.example> "
		    "(=?UTF-8?Q?B=C3=BCro?=)" },
		{ "J\xc3\xb6rg <j@b.example> (a(b)c)",
		    "=?UTF-8?Q?J=C3=B6rg?= <j@b.example> (a\\(b\\)c)" },
		{ "root (Cr\xf6n)", "root (=?ISO-8859-1?Q?Cr=F6n?=)" },
		{ "=?utf-8?Q?a?= \xc3\xbc <c@d.example>",
		    "=?utf-8?Q?a?= =?UTF-8?Q?_=C3=BC?= <c@d.example>" },
		/* names of groups */
		{ "Team S\xc3\xbc"
		  "d: a@b.example, \xc3\x9c <u@b.example>; c@d.example",
		    "=?UTF-8?Q?Team_S=C3=BCd?=: a@b.example, "
		    "=?UTF-8?Q?=C3=9C?= <u@b.example>; c@d.example" },
		/* domains, and what cannot be said at all */
		{ "G <a@gr\xc3\xbcn.example>", "G <a@xn--grn-hoa.example>" },
		{ "a@blau\xc3\xbc.example",
		    "=?UTF-8?Q?a=40blau=C3=BC=2Eexample?= :;" },
		{ "J\xc3\xb6rg <j\xc3\xb6rg@gr\xc3\xbcn.example>, a@b.example",
		    "=?UTF-8?Q?J=C3=B6rg_j=C3=B6rg=40gr=C3=BCn=2Eexample?= :;, "
		    "a@b.example" },
		/* what could not be read */
		{ "\"\xc3\xbc, a@b.example",
		    "=?UTF-8?Q?=22=C3=BC?=, a@b.example" },
		{ "\xc3\xbc@, a@b.example",
		    "=?UTF-8?Q?=C3=BC?=@, a@b.example" },
		{ "a@[\xc3\xbc]", "=?UTF-8?Q?a=40=5B=C3=BC=5D?= :;" },
	};
	const struct tidy t = { .to_ascii = to_ascii };
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_init(&b, 1000);
		assert_int_equal(tidy_addresses(&b, cases[i][0], &t), 0);
		if (strcmp(buf_data(&b), cases[i][1]) != 0)
			fail_msg("[%s]: %s", cases[i][0], buf_data(&b));
		buf_clear(&b);
	}
}

static void
any_octets_end_up_in_ascii(void **state)
{
	static const char *const pieces[] = { "a", "\xc3\xbc", "\xfc", "<", ">",
		"@", ",", ";", ":", "\"", "(", ")", " ", "\\", "[", "]", ".",
		"=?utf-8?Q?a?=" };
	const struct tidy t = { .to_ascii = to_ascii };
	unsigned seed, i, s;
	struct buf text, b;

	(void)state;
	for (seed = 1; seed < 5000; seed++) {
		buf_init(&text, 10000);
		for (i = 0, s = seed; i < seed % 60; i++) {
			s = s * 1103515245 + 12345;
			buf_puts(&text, pieces[(s >> 16) % COUNT(pieces)]);
		}
		buf_init(&b, 16 * text.len + 1000);
		assert_int_equal(tidy_addresses(&b, buf_data(&text), &t), 0);
		if (!utf8_is_ascii(buf_data(&b), b.len))
			fail_msg("[%s]: %s", buf_data(&text), buf_data(&b));
		buf_clear(&text);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mailboxes_are_said_in_ascii),
		cmocka_unit_test(any_octets_end_up_in_ascii),
	};

	return cmocka_run_group_tests_name("tidy_addr", tests, NULL, NULL);
}
