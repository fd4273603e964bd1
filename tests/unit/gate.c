/* SPDX-License-Identifier: ISC */
/* Who comes in by a listener, how often, and with how much. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/gate.h"

#define SECOND 1000
#define START  (INT64_C(1000000) * SECOND)

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss;
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	memset(&ss, 0, sizeof(ss));
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		memcpy(&ss, &four, sizeof(four));
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(&ss, &six, sizeof(six));
	else
		fail_msg("%s is no address", text);
	return ss;
}

/* A gate for 10.0.0.0/8 and 2001:db8::/32. */
static struct gate *
gate(unsigned of_client, unsigned of_all)
{
	static char four[] = "10.0.0.0/8", six[] = "2001:db8::/32";
	static char *networks[] = { four, six };
	struct conf_listen l = {
		.allow = { networks, 2 },
		.client_connections = of_client,
		.connections = of_all,
	};

	return gate_new(&l);
}

static enum gate_verdict
enter(struct gate *g, const char *who, int64_t now)
{
	struct sockaddr_storage a = address(who);

	return gate_enter(g, (struct sockaddr *)&a, now);
}

static struct network
client(const char *who)
{
	struct sockaddr_storage a = address(who);

	return gate_client((struct sockaddr *)&a);
}

static void
leave(struct gate *g, const char *who)
{
	struct network n = client(who);

	gate_leave(g, &n);
}

static void
from_its_networks_alone(void **state)
{
	struct gate *g = gate(10, 100);

	(void)state;
	assert_int_equal(enter(g, "10.1.2.3", START), GATE_OPEN);
	assert_int_equal(enter(g, "::ffff:10.1.2.3", START), GATE_OPEN);
	assert_int_equal(enter(g, "2001:db8::1", START), GATE_OPEN);
	assert_int_equal(enter(g, "11.1.2.3", START), GATE_NOT_ALLOWED);
	assert_int_equal(enter(g, "127.0.0.1", START), GATE_NOT_ALLOWED);
	assert_int_equal(enter(g, "2001:db9::1", START), GATE_NOT_ALLOWED);
	assert_int_equal(gate_connections(g), 3);
	assert_int_equal(gate_clients(g), 2);
	gate_free(g);
}

static void
connections_are_counted(void **state)
{
	struct gate *g = gate(2, 3);

	(void)state;
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_CLIENT_FULL);
	assert_int_equal(enter(g, "10.0.0.2", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.3", START), GATE_FULL);
	leave(g, "10.0.0.9"); /* who never came in */
	assert_int_equal(enter(g, "10.0.0.3", START), GATE_FULL);
	leave(g, "10.0.0.1");
	assert_int_equal(enter(g, "10.0.0.3", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_FULL);
	gate_free(g);
}

/* Of IPv6 a client is a whole /64, which one machine may have. */
static void
one_machine_has_many_addresses(void **state)
{
	struct gate *g = gate(1, 9);

	(void)state;
	assert_int_equal(enter(g, "2001:db8::1", START), GATE_OPEN);
	assert_int_equal(enter(g, "2001:db8::2", START), GATE_CLIENT_FULL);
	assert_int_equal(
	    enter(g, "2001:db8::8000:0:0:1", START), GATE_CLIENT_FULL);
	assert_int_equal(enter(g, "2001:db8:0:1::2", START), GATE_OPEN);
	leave(g, "2001:db8::1");
	assert_int_equal(enter(g, "2001:db8::3", START), GATE_OPEN);
	gate_free(g);
}

static struct gate *
fast_gate(unsigned count, int64_t per_s)
{
	static char four[] = "10.0.0.0/8", six[] = "2001:db8::/32";
	static char *networks[] = { four, six };
	struct conf_listen l = {
		.allow = { networks, 2 },
		.connection_rate = { count, per_s },
		.client_connections = 2,
		.connections = 4,
	};

	return gate_new(&l);
}

static enum gate_verdict
come_and_go(struct gate *g, const char *who, int64_t now)
{
	enum gate_verdict verdict = enter(g, who, now);

	if (verdict == GATE_OPEN)
		leave(g, who);
	return verdict;
}

/* Those count that were let in; others have their own. */
static void
connections_have_a_rate(void **state)
{
	struct gate *g = fast_gate(3, 60);
	int64_t now;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(come_and_go(g, "10.0.0.1", START), GATE_OPEN);
	for (now = START; now < START + 60 * SECOND; now += SECOND)
		assert_int_equal(
		    come_and_go(g, "10.0.0.1", now), GATE_CLIENT_FAST);
	assert_int_equal(gate_connections(g), 0);
	assert_int_equal(come_and_go(g, "10.0.0.2", START), GATE_OPEN);
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    come_and_go(g, "10.0.0.1", now + 4 * SECOND), GATE_OPEN);
	/* of IPv6 one for the machine */
	for (i = 0; i < 3; i++)
		assert_int_equal(come_and_go(g, "2001:db8::1", now), GATE_OPEN);
	assert_int_equal(come_and_go(g, "2001:db8::2", now), GATE_CLIENT_FAST);
	gate_free(g);
}

/* Who finds no place has not come in, and does not pay for it. */
static void
other_refusals_are_no_connections(void **state)
{
	struct gate *g = fast_gate(3, 60);
	int i;

	(void)state;
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	for (i = 0; i < 10; i++)
		assert_int_equal(enter(g, "10.0.0.1", START), GATE_CLIENT_FULL);
	leave(g, "10.0.0.1");
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	/* inside it may be refused, too, and stays */
	leave(g, "10.0.0.1");
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_CLIENT_FAST);
	assert_int_equal(gate_connections(g), 1);
	leave(g, "10.0.0.1");
	assert_int_equal(gate_connections(g), 0);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_CLIENT_FAST);
	gate_free(g);
}

/* By others who come and go it is not forgotten while it knocks. */
static void
who_knocks_is_remembered(void **state)
{
	struct gate *g = fast_gate(1, 60);
	char who[32];
	int i;

	(void)state;
	assert_int_equal(come_and_go(g, "10.255.0.1", START), GATE_OPEN);
	for (i = 0; i < 5 * GATE_CLIENTS; i++) {
		snprintf(who, sizeof(who), "10.%d.%d.1", i / 200, i % 200);
		assert_int_equal(come_and_go(g, who, START), GATE_OPEN);
		assert_int_equal(
		    come_and_go(g, "10.255.0.1", START), GATE_CLIENT_FAST);
	}
	assert_int_equal(gate_clients(g), GATE_CLIENTS);
	/* and those who were there long ago are forgotten first */
	assert_int_equal(come_and_go(g, who, START), GATE_CLIENT_FAST);
	assert_int_equal(come_and_go(g, "10.0.0.1", START), GATE_OPEN);
	gate_free(g);
}

/* However many knock: those inside stay. */
static void
memory_is_bounded(void **state)
{
	struct gate *g = gate(1, 2000);
	char who[32];
	int i;

	(void)state;
	assert_int_equal(enter(g, "10.255.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.255.0.2", START), GATE_OPEN);
	leave(g, "10.255.0.2");
	for (i = 0; i < 5 * GATE_CLIENTS; i++) {
		snprintf(
		    who, sizeof(who), "10.%d.%d.1", i / 200 % 200, i % 200);
		assert_int_equal(enter(g, who, START + i), GATE_OPEN);
		leave(g, who);
	}
	assert_true(gate_clients(g) <= GATE_CLIENTS);
	assert_int_equal(enter(g, "10.255.0.1", START), GATE_CLIENT_FULL);
	assert_int_equal(enter(g, "10.255.0.2", START), GATE_OPEN);
	/* and when all places are of those inside */
	for (i = 0; i < 5 * GATE_CLIENTS; i++) {
		snprintf(who, sizeof(who), "10.%d.%d.1", i / 200, i % 200);
		if (enter(g, who, START) == GATE_FULL)
			break;
	}
	assert_int_equal(gate_clients(g), GATE_CLIENTS);
	assert_int_equal(gate_connections(g), GATE_CLIENTS);
	leave(g, "10.255.0.1");
	assert_int_equal(enter(g, "10.254.0.1", START), GATE_OPEN);
	gate_free(g);
}

/* Who is inside is counted on, under other limits. */
static void
other_limits(void **state)
{
	static char one[] = "10.0.0.1";
	static char *networks[] = { one };
	struct conf_listen l = { .allow = { networks, 1 },
		.client_connections = 2,
		.connections = 2 };
	struct gate *g = gate(9, 9);

	(void)state;
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.2", START), GATE_OPEN);
	gate_change(g, &l);
	assert_int_equal(enter(g, "10.0.0.2", START), GATE_NOT_ALLOWED);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_FULL);
	leave(g, "10.0.0.2");
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_CLIENT_FULL);
	gate_free(g);
}

/* A quarter of the places is left, or less; where there are few, never. */
static void
when_places_are_short(void **state)
{
	struct gate *g = gate(100, 12), *few = gate(100, 7),
		    *eight = gate(100, 8);
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		assert_false(gate_is_crowded(g));
		assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	}
	assert_false(gate_is_crowded(g));
	assert_int_equal(enter(g, "10.0.0.1", START), GATE_OPEN);
	assert_true(gate_is_crowded(g));
	leave(g, "10.0.0.1");
	assert_false(gate_is_crowded(g));
	gate_free(g);
	for (i = 0; i < 7; i++)
		assert_int_equal(enter(few, "10.0.0.1", START), GATE_OPEN);
	assert_false(gate_is_crowded(few));
	gate_free(few);
	/* the fewest of which one is short */
	for (i = 0; i < 7; i++) {
		assert_false(gate_is_crowded(eight));
		assert_int_equal(enter(eight, "10.0.0.1", START), GATE_OPEN);
	}
	assert_true(gate_is_crowded(eight));
	gate_free(eight);
}

static void
a_reload_keeps_who_was_there(void **state)
{
	static char one[] = "10.0.0.1";
	static char *networks[] = { one };
	struct conf_listen l = { .allow = { networks, 1 },
		.connection_rate = { 1, 60 },
		.client_connections = 1,
		.connections = 9 };
	struct gate *g = gate_new(&l);

	(void)state;
	assert_int_equal(come_and_go(g, one, START), GATE_OPEN);
	gate_change(g, &l);
	assert_int_equal(come_and_go(g, one, START), GATE_CLIENT_FAST);
	l.connection_rate.per_s = 3600;
	gate_change(g, &l);
	assert_int_equal(come_and_go(g, one, START), GATE_OPEN);
	assert_int_equal(come_and_go(g, one, START), GATE_CLIENT_FAST);
	l.connection_rate.count = 0;
	gate_note_refusals(g, 2);
	gate_change(g, &l);
	gate_note_refusals(g, 3);
	assert_int_equal(gate_refusals(g), 5);
	assert_int_equal(come_and_go(g, one, START), GATE_OPEN);
	gate_free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_its_networks_alone),
		cmocka_unit_test(connections_are_counted),
		cmocka_unit_test(one_machine_has_many_addresses),
		cmocka_unit_test(connections_have_a_rate),
		cmocka_unit_test(other_refusals_are_no_connections),
		cmocka_unit_test(who_knocks_is_remembered),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(other_limits),
		cmocka_unit_test(when_places_are_short),
		cmocka_unit_test(a_reload_keeps_who_was_there),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
