/* SPDX-License-Identifier: ISC */
/* Who tries whether the port is open. */
#include "config.h"

#include <errno.h>
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

static bool
has_ended(void *arg)
{
	(void)arg;
	return false;
}

/*
 * A stranger who says this and then closes, or fails with that error; gone
 * before the greeting, if it is nothing.  The exit status.
 */
static int
knock(struct client *c, const char *says, int error, bool is_gone)
{
	struct service service;
	struct stage stage;
	struct io io;
	int status;

	stage_open(&stage, "");
	client_init(c, says, strlen(says));
	c->error = error;
	c->piece = 1;
	io = client_io(c);
	if (is_gone)
		io.waits = has_ended;
	service = service_of_site(&stage.site);
	service.is_public = true;
	status = serve(&io, &service);
	stage_close(&stage);
	return status;
}

static void
assert_told(struct client *c, const char *text)
{
	if (c->out.len < strlen(text) || (*text == '\0' && c->out.len > 0))
		fail_msg("%zu octets", c->out.len);
	if (*text != '\0')
		assert_memory_equal(c->out.data, text, strlen(text));
	client_clear(c);
}

/* Monitors and balancers do: that is no trouble. */
static void
before_the_greeting(void **state)
{
	struct client c;

	(void)state;
	assert_int_equal(knock(&c, "", 0, true), EX_OK);
	assert_told(&c, "");
	assert_int_equal(knock(&c, "", ECONNRESET, true), EX_OK);
	assert_told(&c, "");
	assert_int_equal(knock(&c, "NOOP\r\n", 0, true), EX_PROTOCOL);
	assert_told(&c, "554 5.5.0 ");
}

static void
behind_the_greeting(void **state)
{
	struct client c;

	(void)state;
	assert_int_equal(knock(&c, "", 0, false), EX_OK);
	assert_told(&c, "220 ");
	assert_int_equal(knock(&c, "", ECONNRESET, false), EX_OK);
	assert_told(&c, "220 ");
	/* one that has begun to speak has lost its connection */
	assert_int_equal(knock(&c, "NOOP\r\n", ECONNRESET, false), EX_NOINPUT);
	assert_told(&c, "220 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_greeting),
		cmocka_unit_test(behind_the_greeting),
	};

	return cmocka_run_group_tests_name("smtpd_knock", tests, NULL, NULL);
}
