/* SPDX-License-Identifier: ISC */
/* PLAIN and LOGIN: what is taken for a login and a password, and what is not.
 */
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

#include "mail/base64.h"
#include "smtpd/auth.h"

static enum auth_next
begin(struct auth *a, const char *argument, struct reply *r)
{
	/* Where nothing may be left over from before. */
	memset(a, 0xff, sizeof(*a));
	return auth_begin(a, argument, strlen(argument), r);
}

/* The line of these octets in base64. */
static enum auth_next
say(struct auth *a, const char *p, size_t n, struct reply *r)
{
	enum auth_next next;
	struct buf b;

	buf_init(&b, 65536);
	assert_int_equal(base64_put(&b, p, n), 0);
	next = auth_line(a, buf_data(&b), b.len, r);
	buf_clear(&b);
	return next;
}

static void
assert_ready(const struct auth *a, const char *login, const char *password)
{
	assert_int_equal(a->step, AUTH_IDLE);
	assert_string_equal(a->login, login);
	assert_string_equal(a->password, password);
}

/* Refused, and nothing of it is kept. */
static void
assert_refused(const struct auth *a, const struct reply *r, unsigned code)
{
	static const struct auth nothing;

	assert_int_equal(r->code, code);
	assert_memory_equal(a, &nothing, sizeof(*a));
}

static void
plain(void **state)
{
	struct reply r;
	struct auth a;

	(void)state;
	assert_int_equal(begin(&a, "PLAIN AGEAYg==", &r), AUTH_READY);
	assert_ready(&a, "a", "b");
	assert_int_equal(begin(&a, "plain  AGEAYg==  ", &r), AUTH_READY);
	assert_int_equal(begin(&a, "PLAIN AGEAYg", &r), AUTH_READY);
	assert_int_equal(begin(&a, "PLAIN", &r), AUTH_MORE);
	assert_int_equal(r.code, 334);
	assert_string_equal(r.text, "");
	assert_int_equal(say(&a, "\0user\0pass word", 15, &r), AUTH_READY);
	assert_ready(&a, "user", "pass word");
	begin(&a, "PLAIN", &r);
	assert_int_equal(say(&a, "u\0u\0p\0\0", 7, &r), AUTH_READY);
	assert_ready(&a, "u", "p");
}

static void
login(void **state)
{
	struct reply r;
	struct auth a;

	(void)state;
	assert_int_equal(begin(&a, "LOGIN", &r), AUTH_MORE);
	assert_string_equal(r.text, "VXNlcm5hbWU6");
	assert_int_equal(say(&a, "user\0", 5, &r), AUTH_MORE);
	assert_string_equal(r.text, "UGFzc3dvcmQ6");
	assert_int_equal(say(&a, "pass\0\0", 6, &r), AUTH_READY);
	assert_ready(&a, "user", "pass");
	assert_int_equal(begin(&a, "login dXNlcg==", &r), AUTH_MORE);
	assert_string_equal(r.text, "UGFzc3dvcmQ6");
	assert_int_equal(auth_line(&a, "cGFzcw== \0", 10, &r), AUTH_READY);
	assert_ready(&a, "user", "pass");
}

static void
what_is_malformed(void **state)
{
	static const char *const lines[] = { "=", "%", "AAB=", "AA=A", "A",
		"AGEA\0Yg==", "YQ==", "AGE=", "" };
	struct reply r;
	struct auth a;
	char many[9000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(&a, "PLAIN", &r);
		assert_int_equal(
		    auth_line(&a, lines[i], i == 5 ? 9 : strlen(lines[i]), &r),
		    AUTH_REFUSED);
		assert_refused(&a, &r, 501);
	}
	memset(many, 'A', sizeof(many));
	begin(&a, "LOGIN", &r);
	assert_int_equal(auth_line(&a, many, sizeof(many), &r), AUTH_REFUSED);
	assert_refused(&a, &r, 501);
	begin(&a, "LOGIN", &r);
	say(&a, "user", 4, &r);
	assert_int_equal(auth_line(&a, "*", 1, &r), AUTH_REFUSED);
	assert_refused(&a, &r, 501);
	assert_int_equal(begin(&a, "", &r), AUTH_REFUSED);
	assert_refused(&a, &r, 501);
	assert_int_equal(begin(&a, "PLAIN =", &r), AUTH_REFUSED);
	assert_refused(&a, &r, 501);
	assert_int_equal(begin(&a, "XOAUTH2 abc=", &r), AUTH_REFUSED);
	assert_refused(&a, &r, 504);
	assert_int_equal(begin(&a, "PLAI", &r), AUTH_REFUSED);
	assert_refused(&a, &r, 504);
}

/* Well said, and nobody's: no checker is asked. */
static void
what_is_hopeless(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} cases[] = {
		{ "\0a\0", 3 },
		{ "\0\0b", 3 },
		{ "\0a\0b\0c", 6 },
		{ "\0a:\0b", 5 },
		{ "\0a\r\0b", 5 },
		{ "\0a \0b", 5 },
		{ "\0a\xff\0b", 5 },
		{ "\0a\0\xff", 4 },
		{ "z\0a\0b", 5 },
		{ "aa\0a\0b", 6 },
	};
	char big[2 * USERS_LOGIN_MAX + USERS_PASSWORD_MAX + 3];
	struct reply r;
	struct auth a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&a, "PLAIN", &r);
		if (say(&a, cases[i].p, cases[i].n, &r) != AUTH_REFUSED)
			fail_msg("row %zu", i);
		assert_refused(&a, &r, 535);
	}
	memset(big, 'x', sizeof(big));
	begin(&a, "LOGIN", &r);
	assert_int_equal(say(&a, big, USERS_LOGIN_MAX + 1, &r), AUTH_MORE);
	assert_int_equal(say(&a, "b", 1, &r), AUTH_REFUSED);
	assert_refused(&a, &r, 535);
	begin(&a, "LOGIN", &r);
	say(&a, "a", 1, &r);
	assert_int_equal(
	    say(&a, big, USERS_PASSWORD_MAX + 1, &r), AUTH_REFUSED);
	assert_refused(&a, &r, 535);
	/* The longest of all are taken. */
	big[USERS_LOGIN_MAX] = big[2 * USERS_LOGIN_MAX + 1] = '\0';
	begin(&a, "PLAIN", &r);
	assert_int_equal(say(&a, big, sizeof(big) - 1, &r), AUTH_READY);
	assert_int_equal(strlen(a.login), USERS_LOGIN_MAX);
	assert_int_equal(strlen(a.password), USERS_PASSWORD_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(login),
		cmocka_unit_test(what_is_malformed),
		cmocka_unit_test(what_is_hopeless),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
