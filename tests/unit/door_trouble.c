/* SPDX-License-Identifier: ISC */
/* What of a listener worries status, how much, and in which words. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/door_trouble.h"

#define S(text) ((char *)(uintptr_t)(text))

static struct door_view
view(enum door_state state, enum door_pair_state pair)
{
	struct door_view v = { .state = state, .pair = pair };

	if (state != DOOR_OPEN) {
		v.since = 5;
		v.why = EADDRINUSE;
		strlcpy(v.text, "it is taken", sizeof(v.text));
	}
	if (pair != DOOR_PAIR_GOOD) {
		v.pair_since = 6;
		strlcpy(v.pair_text, "no such file", sizeof(v.pair_text));
	}
	return v;
}

enum {
	FINE,
	WARNING,
	CRITICAL
};

static void
what_worries_how_much(void **state)
{
	static const struct {
		enum door_state state;
		enum listen_tls tls;
		enum door_pair_state pair;
		int level;
		int64_t since;
		const char *reason, *for_anyone;
	} cases[] = {
		{ DOOR_OPEN, LISTEN_TLS_NONE, DOOR_PAIR_UNKNOWN, FINE, 0, NULL,
		    NULL },
		{ DOOR_OPEN, LISTEN_TLS_REQUIRED, DOOR_PAIR_GOOD, FINE, 0, NULL,
		    NULL },
		{ DOOR_SHUT, LISTEN_TLS_NONE, DOOR_PAIR_UNKNOWN, CRITICAL, 5,
		    "listener copier is shut: it is taken",
		    "a listener is shut" },
		/* Nobody could look at its files. */
		{ DOOR_SHUT, LISTEN_TLS_IMPLICIT, DOOR_PAIR_MISSING, CRITICAL,
		    5, "listener copier is shut: it is taken",
		    "a listener is shut" },
		{ DOOR_STUCK, LISTEN_TLS_NONE, DOOR_PAIR_UNKNOWN, WARNING, 5,
		    "listener copier is not where it should be: it is taken",
		    "a listener is not where it should be" },
		{ DOOR_OPEN, LISTEN_TLS_REQUIRED, DOOR_PAIR_MISSING, CRITICAL,
		    6,
		    "listener copier has no certificate, and turns everybody "
		    "away: no such file",
		    "a listener has no certificate" },
		{ DOOR_OPEN, LISTEN_TLS_IMPLICIT, DOOR_PAIR_MISSING, CRITICAL,
		    6,
		    "listener copier has no certificate, and turns everybody "
		    "away: no such file",
		    "a listener has no certificate" },
		{ DOOR_OPEN, LISTEN_TLS_STARTTLS, DOOR_PAIR_MISSING, WARNING, 6,
		    "listener copier has no certificate: no such file",
		    "a listener has no certificate" },
		{ DOOR_OPEN, LISTEN_TLS_REQUIRED, DOOR_PAIR_KEPT, WARNING, 6,
		    "listener copier keeps the certificate from before: no "
		    "such file",
		    "a listener keeps the certificate from before" },
	};
	struct conf_listen l = { .name = S("copier") };
	struct door_trouble t;
	struct door_view v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		l.tls = cases[i].tls;
		v = view(cases[i].state, cases[i].pair);
		assert_int_equal(
		    door_trouble_find(&l, &v, &t), cases[i].level != FINE);
		if (cases[i].level == FINE)
			continue;
		assert_int_equal(t.is_critical, cases[i].level == CRITICAL);
		assert_int_equal(t.since, cases[i].since);
		assert_string_equal(t.reason, cases[i].reason);
		assert_string_equal(t.for_anyone, cases[i].for_anyone);
		door_trouble_clear(&t);
		assert_null(t.reason);
	}
}

static void
what_to_do(void **state)
{
	struct door_view v = view(DOOR_SHUT, DOOR_PAIR_MISSING);

	(void)state;
	assert_non_null(strstr(door_fix(&v), "ss -ltnp"));
	assert_non_null(strstr(door_fix(&v), "by itself"));
	v.is_final = true;
	assert_non_null(strstr(door_fix(&v), "restart mailchuted"));
	v.why = EACCES;
	assert_non_null(strstr(door_fix(&v), "restart mailchuted"));
	v.why = EADDRNOTAVAIL;
	assert_non_null(strstr(door_fix(&v), "address and port"));
	/* None of the system's reasons. */
	v.why = 0;
	assert_null(door_fix(&v));
	v = view(DOOR_OPEN, DOOR_PAIR_GOOD);
	v.why = EACCES;
	assert_null(door_fix(&v));
	assert_null(door_pair_fix(&v));
	v.pair = DOOR_PAIR_KEPT;
	assert_non_null(strstr(door_pair_fix(&v), "reload"));
}

static void
names(void **state)
{
	struct conf_listen l = { .tls = LISTEN_TLS_STARTTLS };

	(void)state;
	assert_string_equal(door_state_name(DOOR_OPEN), "open");
	assert_string_equal(door_state_name(DOOR_STUCK), "stuck");
	assert_string_equal(door_state_name(DOOR_SHUT), "shut");
	assert_string_equal(door_pair_name(&l, DOOR_PAIR_GOOD), "good");
	assert_string_equal(door_pair_name(&l, DOOR_PAIR_KEPT), "kept");
	assert_string_equal(door_pair_name(&l, DOOR_PAIR_MISSING), "missing");
	assert_string_equal(door_pair_name(&l, DOOR_PAIR_UNKNOWN), "unknown");
	l.tls = LISTEN_TLS_NONE;
	assert_null(door_pair_name(&l, DOOR_PAIR_UNKNOWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_worries_how_much),
		cmocka_unit_test(what_to_do),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("door_trouble", tests, NULL, NULL);
}
