/* SPDX-License-Identifier: ISC */
/* What a new message is given. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/stamp.h"

#define AT INT64_C(1795935600)

static void
make(struct stamp *s, struct completion *with, char first, char second)
{
	uint8_t random[STAMP_RANDOM];

	memset(random, first, SUBMIT_ID_LEN);
	memset(random + SUBMIT_ID_LEN, second, MSGID_RANDOM);
	memset(with, 0, sizeof(*with));
	stamp_make(s, random, AT, 90, "web01.contoso.example", with);
}

static void
each_has_its_own(void **state)
{
	char date[DATE_SIZE];
	uint8_t id[SUBMIT_ID_LEN];
	struct completion with;
	struct stamp s;

	(void)state;
	make(&s, &with, 'a', 0x5a);
	memset(id, 'a', sizeof(id));
	assert_memory_equal(s.head.id, id, sizeof(id));
	assert_int_equal(s.head.created_at, AT);
	assert_int_equal(s.head.version, SUBMIT_VERSION);
	date_format(date, AT, 90);
	assert_string_equal(s.date, date);
	assert_non_null(strstr(
	    s.message_id, ".5A5A5A5A5A5A5A5A5A5A@web01.contoso.example>"));
	/* what a header without them gets */
	assert_ptr_equal(with.date, s.date);
	assert_ptr_equal(with.message_id, s.message_id);
	stamp_clear(&s);
	assert_null(s.message_id);
	stamp_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_own),
	};

	return cmocka_run_group_tests_name("stamp", tests, NULL, NULL);
}
