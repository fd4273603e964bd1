/* SPDX-License-Identifier: ISC */
/* How many messages a listener's client may hand in. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "queue/rates.h"

#define SECOND 1000
#define START  (INT64_C(1000000) * SECOND)

static const struct conf_listen copiers = { .rate = { 2, 60 } },
				shop = { .rate = { 2, 60 } };

static bool
take(struct rates *r, const struct conf_listen *l, const char *who, int64_t now)
{
	struct network n;

	assert_int_equal(network_parse(who, &n), 0);
	return rates_take(r, l, &n, now);
}

static void
each_client_has_its_own(void **state)
{
	struct rates *r = rates_new();

	(void)state;
	assert_true(take(r, &copiers, "10.0.0.1", START));
	assert_true(take(r, &copiers, "10.0.0.1", START));
	assert_false(take(r, &copiers, "10.0.0.1", START));
	assert_true(take(r, &copiers, "10.0.0.2", START));
	/* and at each listener */
	assert_true(take(r, &shop, "10.0.0.1", START));
	assert_false(take(r, &copiers, "10.0.0.1", START + 59 * SECOND));
	assert_true(take(r, &copiers, "10.0.0.1", START + 64 * SECOND));
	assert_int_equal(rates_clients(r), 3);
	rates_free(r);
}

/* Of IPv6 a client is a whole /64, which one machine may have. */
static void
one_machine_has_many_addresses(void **state)
{
	struct rates *r = rates_new();

	(void)state;
	assert_true(take(r, &copiers, "2001:db8::1", START));
	assert_true(take(r, &copiers, "2001:db8::8000:0:0:1", START));
	assert_false(take(r, &copiers, "2001:db8::2", START));
	assert_true(take(r, &copiers, "2001:db8:0:1::1", START));
	rates_free(r);
}

static void
without_a_rate_nobody_is_remembered(void **state)
{
	static const struct conf_listen open = { .rate = { 0, 0 } };
	struct rates *r = rates_new();
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_true(take(r, &open, "10.0.0.1", START));
	assert_int_equal(rates_clients(r), 0);
	rates_free(r);
}

/* However many send: who has not for longest is forgotten, and nobody else. */
static void
memory_is_bounded(void **state)
{
	struct rates *r = rates_new();
	char who[32];
	int i;

	(void)state;
	assert_true(take(r, &copiers, "10.255.0.1", START));
	assert_true(take(r, &copiers, "10.255.0.2", START));
	assert_true(take(r, &copiers, "10.255.0.2", START));
	for (i = 0; i < 3 * RATES_CLIENTS; i++) {
		snprintf(who, sizeof(who), "10.%d.%d.1", i / 200, i % 200);
		assert_true(take(r, &copiers, who, START));
		assert_true(take(r, &copiers, who, START));
		assert_false(take(r, &copiers, who, START));
		/* one that is refused goes on to be remembered */
		assert_false(take(r, &copiers, "10.255.0.2", START));
	}
	assert_int_equal(rates_clients(r), RATES_CLIENTS);
	assert_false(take(r, &copiers, who, START));
	assert_true(take(r, &copiers, "10.255.0.1", START));
	assert_true(take(r, &copiers, "10.255.0.1", START));
	rates_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_client_has_its_own),
		cmocka_unit_test(one_machine_has_many_addresses),
		cmocka_unit_test(without_a_rate_nobody_is_remembered),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
