/* SPDX-License-Identifier: ISC */
/* The devices, as they are told: to whom, and how many at a time. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "queue/device_store.h"
#include "tests/unit/control_rig.h"

static void
add(unsigned n)
{
	struct device d = { .listener = "floor",
		.login = "",
		.name = "copier",
		.tls = "TLSv1",
		.cipher = "AES256-SHA",
		.error = "" };
	struct store *s = rig.o.parts.store;
	char client[32];
	unsigned i;

	fixture_begin(s);
	for (i = 0; i < n; i++) {
		snprintf(
		    client, sizeof(client), "10.0.%u.%u", i / 250, i % 250);
		d.client = client;
		assert_int_equal(device_sent(s, &d, clock_wall(), &rig.o.e), 0);
	}
	fixture_commit(s);
}

static unsigned
rows(void)
{
	const char *p;
	unsigned n = 0;

	for (p = rig.said; (p = strstr(p, "device ")) != NULL; p++)
		n++;
	return n;
}

static void
all_are_told(void **state)
{
	(void)state;
	add(2);
	ask_verb(geteuid(), CTL_DEVICES, 0, 0);
	assert_int_equal(rig.status, 0);
	says("device floor 10.0.0.0 copier TLSv1 1 1\n");
	says("device floor 10.0.0.1 copier TLSv1 1 1\n");
	assert_int_equal(rows(), 2);
}

static void
many_are_told_in_slices(void **state)
{
	(void)state;
	add(DEVICES_MAX);
	ask_verb(geteuid(), CTL_DEVICES, 0, 0);
	assert_int_equal(rig.status, 0);
	assert_int_equal(rows(), DEVICES_MAX);
}

static void
a_stranger_is_told_nothing(void **state)
{
	(void)state;
	add(1);
	ask_verb(STRANGER, CTL_DEVICES, 0, 0);
	assert_int_equal(rig.status, EX_NOPERM);
	says_not("10.0.0.0");
}

/* Without a daemon, too. */
static void
a_reader_tells_them(void **state)
{
	(void)state;
	add(1);
	rig.is_reader = true;
	ask_verb(geteuid(), CTL_DEVICES, 0, 0);
	assert_int_equal(rig.status, 0);
	assert_int_equal(rows(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(all_are_told),
		in_rig(many_are_told_in_slices),
		in_rig(a_stranger_is_told_nothing),
		in_rig(a_reader_tells_them),
	};

	return cmocka_run_group_tests_name(
	    "control_devices", tests, NULL, NULL);
}
