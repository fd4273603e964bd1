/* SPDX-License-Identifier: ISC */
/* Connections that fail before a message is handed over. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

/* Rows of the message's history with these words. */
static int64_t
tries(uint64_t id, const char *words)
{
	char *path = xasprintf("%s/queue", rig.o.directory);
	char *sql = xasprintf("SELECT count(*) FROM attempt WHERE message = "
			      "%llu AND outcome = 'untried' AND text = '%s'",
	    (unsigned long long)id, words);
	int64_t n = fixture_number(path, sql);

	free(sql);
	free(path);
	return n;
}

/* Each is told by the message that it was made for. */
static void
the_message_shows_them(void **state)
{
	struct deliver d;
	uint64_t first, second;

	(void)state;
	rig_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	first = post(1000, "a@example.com");
	second = post(1000, "b@example.com");
	will_start(&d);
	kick();
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_DEFERRED, JOB_SCOPE_CONNECTION, "refused");
	assert_string_equal(view(0).state, "backoff");
	assert_int_equal(tries(first, "refused"), 1);
	will_start(&d);
	dispatch_probe(rig.o.parts.dispatch, 0, false, second);
	hears(&d, JOB_SESSION);
	says_failed(&d, JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
	assert_string_equal(view(0).state, "held");
	assert_int_equal(tries(first, "wrong password"), 0);
	assert_int_equal(tries(second, "wrong password"), 1);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_message_shows_them),
	};

	return cmocka_run_group_tests_name("lane_failed", tests, NULL, NULL);
}
