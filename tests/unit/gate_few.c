/* SPDX-License-Identifier: ISC */
/* Where places are few: of connections, and of clients that are remembered. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/gate.h"

#define SECOND 1000
#define START  (INT64_C(1000000) * SECOND)

static struct gate *
gate(struct rate rate, unsigned connections)
{
	static char all[] = "10.0.0.0/8";
	static char *networks[] = { all };
	struct conf_listen l = { .allow = { networks, 1 },
		.rate = rate,
		.client_connections = connections,
		.connections = connections };

	return gate_new(&l);
}

/* 10.0.0.0 and so many more */
static struct sockaddr_in
address(uint32_t i)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x0a000000 + i) };

	return in;
}

static enum gate_verdict
enter(struct gate *g, uint32_t i, int64_t now)
{
	struct sockaddr_in in = address(i);

	return gate_enter(g, (struct sockaddr *)&in, now);
}

static void
leave(struct gate *g, uint32_t i)
{
	struct sockaddr_in in = address(i);
	struct network n = gate_client((struct sockaddr *)&in);

	gate_leave(g, &n);
}

static bool
message(struct gate *g, uint32_t i, int64_t now)
{
	struct sockaddr_in in = address(i);
	struct network n = gate_client((struct sockaddr *)&in);

	return gate_message(g, &n, now);
}

/* Eight are the fewest that are ever short. */
static void
eight_places(void **state)
{
	struct gate *g = gate((struct rate){ 0, 1 }, 8);
	int i;

	(void)state;
	for (i = 0; i < 7; i++) {
		assert_false(gate_is_crowded(g));
		assert_int_equal(enter(g, 1, START), GATE_OPEN);
	}
	assert_true(gate_is_crowded(g));
	assert_int_equal(enter(g, 1, START), GATE_OPEN);
	assert_true(gate_is_crowded(g));
	assert_int_equal(enter(g, 2, START), GATE_FULL);
	gate_free(g);
}

/*
 * Who has sent once, and only comes and goes since, is no sender any more: a
 * place is made by forgetting that one, and those whose messages count stay.
 */
static void
who_sent_long_ago_is_no_sender(void **state)
{
	struct gate *g = gate((struct rate){ 1, 60 }, 2000);
	int64_t later = START + 3600 * SECOND;
	uint32_t i;

	(void)state;
	assert_int_equal(enter(g, 0, START), GATE_OPEN);
	assert_true(message(g, 0, START));
	leave(g, 0);
	for (i = 1; i < GATE_CLIENTS; i++) {
		assert_int_equal(enter(g, i, later), GATE_OPEN);
		assert_true(message(g, i, later));
		leave(g, i);
	}
	assert_int_equal(enter(g, 0, later), GATE_OPEN);
	leave(g, 0);
	assert_int_equal(gate_clients(g), GATE_CLIENTS);
	assert_int_equal(enter(g, 99999, later), GATE_OPEN);
	for (i = 1; i < GATE_CLIENTS; i++) {
		assert_int_equal(enter(g, i, later), GATE_OPEN);
		assert_false(message(g, i, later));
	}
	gate_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_places),
		cmocka_unit_test(who_sent_long_ago_is_no_sender),
	};

	return cmocka_run_group_tests_name("gate_few", tests, NULL, NULL);
}
