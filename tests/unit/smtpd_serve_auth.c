/* SPDX-License-Identifier: ISC */
/* Signing in, from the client's words to what the service says of them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "smtpd/serve.h"
#include "tests/smtp/stage.h"

static enum sign_in_result
know_a_and_b(void *arg, const char *login, const char *password, struct err *e)
{
	(void)arg;
	err_set(e, ERR_TEMP, "4.7.0", "a later time");
	if (strcmp(login, "later") == 0)
		return SIGN_IN_LATER;
	return strcmp(login, "a") == 0 && strcmp(password, "b") == 0
		   ? SIGN_IN_YES
		   : SIGN_IN_NO;
}

static const char *read_to; /* where the connection keeps what was said */
static bool was_wiped;

static ssize_t
watched_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct io io = client_io(arg);

	if (read_to == NULL)
		read_to = p;
	return io.read(arg, p, n, deadline_ms);
}

/* Nobody needs the password in the connection's memory any more. */
static enum sign_in_result
look_for_it(void *arg, const char *login, const char *password, struct err *e)
{
	was_wiped = memmem(read_to, 256, "AGEAYg", 6) == NULL;
	return know_a_and_b(arg, login, password, e);
}

/* The status of a dialogue with a listener that wants a login. */
static int
sign_in(struct client *client, const char *says)
{
	struct service service = {
		.hostname = "web01",
		.rcpts_max = 100,
		.patience = &patience_public,
		.auth = LISTEN_AUTH_REQUIRED,
		.auth_in_clear = true,
		.sign_in = know_a_and_b,
	};
	struct io io;

	client_init(client, says, strlen(says));
	io = client_io(client);
	return serve(&io, &service);
}

static void
assert_said(struct client *client, const char *text)
{
	if (strstr(client->out.data, text) == NULL)
		fail_msg("%s", client->out.data);
}

static void
who_signs_in(void **state)
{
	struct client c;

	(void)state;
	assert_int_equal(
	    sign_in(&c, "MAIL FROM:<x@y>\r\nAUTH PLAIN AGEAYg==\r\n"
			"MAIL FROM:<x@y>\r\nQUIT\r\n"),
	    EX_OK);
	assert_said(&c, "530 5.7.0 sign in first (AUTH)\r\n235 2.7.0 signed in"
			"\r\n250 2.1.0 ok\r\n221 ");
	client_clear(&c);
	assert_int_equal(
	    sign_in(&c, "AUTH LOGIN\r\nbGF0ZXI=\r\nYg==\r\nQUIT\r\n"), EX_OK);
	assert_said(&c, "454 4.7.0 a later time\r\n221 ");
	client_clear(&c);
}

static void
who_guesses(void **state)
{
	struct client c;

	(void)state;
	assert_int_equal(
	    sign_in(&c, "AUTH PLAIN AGEAYw==\r\nAUTH PLAIN AGEAYw==\r\n"
			"AUTH PLAIN AGEAYw==\r\nAUTH PLAIN AGEAYg==\r\n"),
	    EX_PROTOCOL);
	assert_said(&c, "535 5.7.8 wrong user name or password\r\n421 4.7.0 ");
	assert_null(strstr(c.out.data, "235"));
	client_clear(&c);
}

static void
a_password_is_kept_in_one_place(void **state)
{
	static const char says[] =
	    "AUTH PLAIN\r\nAGEAYg==\r\nMAIL FROM:<x@y>\r\nQUIT\r\n";
	const struct service service = {
		.hostname = "web01",
		.rcpts_max = 100,
		.patience = &patience_public,
		.auth = LISTEN_AUTH_REQUIRED,
		.auth_in_clear = true,
		.sign_in = look_for_it,
	};
	struct client c;
	struct io io;

	(void)state;
	client_init(&c, says, sizeof(says) - 1);
	io = client_io(&c);
	io.read = watched_read;
	assert_int_equal(serve(&io, &service), EX_OK);
	assert_said(&c, "235 2.7.0 signed in\r\n250 2.1.0 ok\r\n221 ");
	assert_true(was_wiped);
	client_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_signs_in),
		cmocka_unit_test(who_guesses),
		cmocka_unit_test(a_password_is_kept_in_one_place),
	};

	return cmocka_run_group_tests_name("serve_auth", tests, NULL, NULL);
}
