/* SPDX-License-Identifier: ISC */
/* The name of a device, by the number that its mail has. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queue/device_store.h"
#include "queue/origin.h"
#include "queue/submitter.h"
#include "queue/whose.h"
#include "tests/unit/queue_fixture.h"

static void
sent(struct world *w, const char *client, const char *login)
{
	const struct device d = { .listener = "floor",
		.client = client,
		.login = login,
		.name = "copier",
		.tls = "",
		.cipher = "",
		.error = "" };

	fixture_begin(w->s);
	assert_int_equal(device_sent(w->s, &d, 1700000000, &w->e), 0);
	fixture_commit(w->s);
}

static uint64_t
number(const char *client, const char *login)
{
	struct network n;

	assert_int_equal(network_parse(client, &n), 0);
	return submitter_of(33, origin_number("floor", login, &n));
}

static void
assert_words(struct world *w, uint64_t who, const char *want)
{
	char *words = whose_words(w->s, who);

	assert_string_equal(words, want);
	free(words);
}

static void
by_its_number(void **state)
{
	struct world *w = *state;
	char client[32];
	int i;

	/* more than are looked at in a round */
	for (i = 0; i < 600; i++) {
		snprintf(
		    client, sizeof(client), "10.1.%d.%d", i / 200, i % 200);
		sent(w, client, "");
	}
	sent(w, "10.9.0.1", "scanner");
	assert_words(
	    w, number("10.1.0.7", ""), "device 10.1.0.7 of listener floor");
	assert_words(
	    w, number("10.1.2.199", ""), "device 10.1.2.199 of listener floor");
	/* a login, wherever it comes from */
	assert_words(w, number("10.44.0.1", "scanner"),
	    "login scanner of listener floor");
}

static void
who_is_no_device_and_who_is_not_known(void **state)
{
	struct world *w = *state;

	sent(w, "10.1.0.1", "");
	assert_words(w, 33, "user id 33");
	assert_words(w, number("10.1.0.2", ""), "a device of a listener");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    by_its_number, world_set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
		    who_is_no_device_and_who_is_not_known, world_set_up,
		    world_tear_down),
	};

	return cmocka_run_group_tests_name("whose", tests, NULL, NULL);
}
