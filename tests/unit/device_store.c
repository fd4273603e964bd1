/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/device_store.h"
#include "tests/unit/queue_fixture.h"

static struct device
device_at(const char *client)
{
	const struct device d = {
		.listener = "floor",
		.client = client,
		.login = "",
		.name = "copier",
		.tls = "",
		.cipher = "",
		.error = "",
	};

	return d;
}

static void
sent(struct world *w, const struct device *d, int64_t now)
{
	fixture_begin(w->s);
	assert_int_equal(device_sent(w->s, d, now, &w->e), 0);
	fixture_commit(w->s);
}

static void
failed(struct world *w, const char *client, uint64_t n, const char *text,
    int64_t at)
{
	struct device d = device_at(client);

	d.name = "";
	d.failures = n;
	d.error = text;
	d.error_at = at;
	fixture_begin(w->s);
	assert_int_equal(device_failed(w->s, &d, &w->e), 0);
	fixture_commit(w->s);
}

/* All rows as text, one a line. */
static void
put(void *arg, const struct device *d)
{
	char *to = arg;
	size_t n = strlen(to);

	snprintf(to + n, 4000 - n,
	    "%s %s '%s' %s '%s' %s %d %lld %lld-%lld %llu %llu '%s' %lld\n",
	    d->listener, d->client, d->login, d->name, d->tls, d->cipher,
	    d->is_old, (long long)(d->old_at == 0 ? 0 : d->old_at - T0),
	    (long long)(d->first_at - T0), (long long)(d->last_at - T0),
	    (unsigned long long)d->messages, (unsigned long long)d->failures,
	    d->error, (long long)(d->error_at == 0 ? 0 : d->error_at - T0));
}

static void
assert_rows(struct world *w, const char *want)
{
	char got[4000] = "";
	int64_t last = 0;

	assert_int_equal(device_each(w->s, &last, 100, put, got, &w->e), 0);
	assert_string_equal(got, want);
}

static int64_t
count(const struct world *w)
{
	return fixture_number(w->directory, "SELECT count(*) FROM device");
}

static void
each_device_has_a_row(void **state)
{
	struct world *w = *state;
	struct device d = device_at("10.0.0.5");

	sent(w, &d, T0);
	sent(w, &d, T0 + 5);
	d.login = "scan";
	sent(w, &d, T0 + 6);
	d.listener = "other";
	sent(w, &d, T0 + 7);
	assert_rows(w, "floor 10.0.0.5 '' copier ''  1 5 0-5 2 0 '' 0\n"
		       "floor 10.0.0.5 'scan' copier ''  1 6 6-6 1 0 '' 0\n"
		       "other 10.0.0.5 'scan' copier ''  1 7 7-7 1 0 '' 0\n");
}

/* The last session says whether it is old; when it last was stays known. */
static void
one_that_was_old_is_not_any_more(void **state)
{
	struct world *w = *state;
	struct device d = device_at("10.0.0.5");

	d.tls = "TLSv1.1";
	d.cipher = "AES256-SHA";
	sent(w, &d, T0);
	assert_rows(w,
	    "floor 10.0.0.5 '' copier 'TLSv1.1' AES256-SHA 1 0 0-0 1 0 '' 0\n");
	d.tls = "TLSv1.3";
	d.cipher = "TLS_AES";
	d.name = "renamed";
	sent(w, &d, T0 + 9);
	assert_rows(w,
	    "floor 10.0.0.5 '' renamed 'TLSv1.3' TLS_AES 0 0 0-9 2 0 '' 0\n");
}

static void
old_is_below_1_2(void **state)
{
	(void)state;
	assert_true(device_tls_is_old(""));
	assert_true(device_tls_is_old("SSLv3"));
	assert_true(device_tls_is_old("TLSv1"));
	assert_true(device_tls_is_old("TLSv1.1"));
	assert_false(device_tls_is_old("TLSv1.2"));
	assert_false(device_tls_is_old("TLSv1.3"));
}

static void
failures_are_added_to_what_is_known(void **state)
{
	struct world *w = *state;
	struct device d = device_at("10.0.0.5");

	sent(w, &d, T0);
	failed(w, "10.0.0.5", 3, "no", T0 + 2);
	failed(w, "10.0.0.5", 4, "never", T0 + 4);
	/* Who never sent: whether it is old is not known. */
	failed(w, "10.0.0.6", 7, "gone", T0 + 1);
	assert_rows(w, "floor 10.0.0.5 '' copier ''  1 0 0-4 1 7 'never' 4\n"
		       "floor 10.0.0.6 ''  ''  0 0 1-1 0 7 'gone' 1\n");
}

/* Whoever knocks: no device that has sent goes for one that has not. */
static void
a_flood_of_addresses_is_bounded(void **state)
{
	struct world *w = *state;
	struct device d = device_at("10.0.0.5");
	char client[32];
	int i;

	sent(w, &d, T0);
	fixture_begin(w->s);
	d.failures = 1;
	d.error = "not in listen.allow";
	d.client = client;
	for (i = 0; i < DEVICES_MAX + 50; i++) {
		snprintf(
		    client, sizeof(client), "10.1.%d.%d", i / 250, i % 250);
		d.error_at = T0 + 1 + i;
		assert_int_equal(device_failed(w->s, &d, &w->e), 0);
	}
	fixture_commit(w->s);
	assert_int_equal(count(w), DEVICES_MAX);
	assert_int_equal(fixture_number(w->directory,
			     "SELECT count(*) FROM device WHERE messages = 1"),
	    1);
	assert_int_equal(
	    fixture_number(w->directory, "SELECT min(error_at) FROM device"
					 " WHERE messages = 0"),
	    T0 + 1 + 51);
	/* Those that send: the one unseen for longest goes. */
	fixture_begin(w->s);
	for (i = 0; i < DEVICES_MAX + 50; i++) {
		snprintf(
		    client, sizeof(client), "10.2.%d.%d", i / 250, i % 250);
		assert_int_equal(device_sent(w->s, &d, T0 + 1 + i, &w->e), 0);
	}
	fixture_commit(w->s);
	assert_int_equal(count(w), DEVICES_MAX);
	assert_int_equal(
	    fixture_number(w->directory, "SELECT min(last_at) FROM device"),
	    T0 + 1 + 50);
}

static void
what_is_old_is_forgotten(void **state)
{
	struct world *w = *state;
	struct device a = device_at("10.0.0.5"), b = device_at("10.0.0.6");

	sent(w, &a, T0);
	sent(w, &b, T0 + 10);
	fixture_begin(w->s);
	assert_int_equal(device_forget(w->s, T0 + 10, &w->e), 0);
	fixture_commit(w->s);
	assert_rows(w, "floor 10.0.0.6 '' copier ''  1 10 10-10 1 0 '' 0\n");
}

static void
they_are_walked_in_slices(void **state)
{
	struct world *w = *state;
	char client[32], got[4000] = "";
	struct device d = device_at(client);
	int64_t last = 0;
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(client, sizeof(client), "10.0.0.%d", i);
		sent(w, &d, T0);
	}
	assert_int_equal(device_each(w->s, &last, 2, put, got, &w->e), 1);
	assert_non_null(strstr(got, "10.0.0.1"));
	assert_null(strstr(got, "10.0.0.2"));
	got[0] = '\0';
	assert_int_equal(device_each(w->s, &last, 2, put, got, &w->e), 0);
	assert_non_null(strstr(got, "10.0.0.2"));
	assert_null(strstr(got, "10.0.0.1"));
}

/* When the clock was set, so were they. */
static void
instants_move_with_the_clock(void **state)
{
	struct world *w = *state;
	struct device d = device_at("10.0.0.5");

	sent(w, &d, T0);
	failed(w, "10.0.0.5", 1, "no", T0 + 2);
	fixture_begin(w->s);
	assert_int_equal(store_move_times(w->s, 100, &w->e), 0);
	fixture_commit(w->s);
	assert_rows(
	    w, "floor 10.0.0.5 '' copier ''  1 100 100-102 1 1 'no' 102\n");
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_device_has_a_row),
		CASE(one_that_was_old_is_not_any_more),
		CASE(old_is_below_1_2),
		CASE(failures_are_added_to_what_is_known),
		CASE(a_flood_of_addresses_is_bounded),
		CASE(what_is_old_is_forgotten),
		CASE(they_are_walked_in_slices),
		CASE(instants_move_with_the_clock),
	};

	return cmocka_run_group_tests_name("device_store", tests, NULL, NULL);
}
