/* SPDX-License-Identifier: ISC */
/* What "sendmail -bs" is served with. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "smtpd/service.h"
#include "tests/smtp/stage.h"

static void
a_program_of_this_host(void **state)
{
	struct stage stage;
	struct service s;

	(void)state;
	stage_open(&stage, "message_size_max = 4M\n");
	s = service_of_site(&stage.site);
	assert_string_equal(s.hostname, "web01.contoso.example");
	assert_string_equal(s.domain, "contoso.example");
	assert_int_equal(s.limit.octets, 4 * 1024 * 1024);
	assert_int_equal(s.rcpts_max, SUBMIT_RCPTS_MAX);
	assert_string_equal(s.drop_directory, stage.folder);
	/* nothing that strangers are held to */
	assert_false(s.is_public);
	assert_false(s.refuses_bare);
	assert_ptr_equal(s.patience, &patience_local);
	stage_close(&stage);
}

/* A text in memory. */
struct text {
	const char *p;
	size_t n;
};

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct text *t = arg;

	(void)e;
	if (n > t->n)
		n = t->n;
	memcpy(p, t->p, n);
	t->p += n;
	t->n -= n;
	return (ssize_t)n;
}

static int
no_rewind(void *arg, struct err *e)
{
	(void)arg;
	return err_set(e, ERR_TEMP, "4.3.0", "read once");
}

/* Without a daemon what is handed over lies in the drop folder. */
static void
it_hands_over_to_the_site(void **state)
{
	static const char said[] = "Subject: x\r\n\r\nhello\r\n";
	const struct submit_head head = { .created_at = 1,
		.version = SUBMIT_VERSION };
	struct text text = { said, sizeof(said) - 1 };
	const struct source source = { text_read, no_rewind, &text };
	char *found[STAGE_MAX];
	struct envelope env;
	struct handed handed;
	struct parcel *p;
	struct stage stage;
	struct service s;
	struct err e;

	(void)state;
	stage_open(&stage, "");
	s = service_of_site(&stage.site);
	envelope_init(&env);
	env.sender = envelope_text("a@x.example");
	env.from = envelope_text("a@x.example");
	envelope_add(&env, "b@y.example");
	p = parcel_new(&head, &env, &source, s.limit);
	assert_int_equal(parcel_fill(p, &e), 0);
	assert_int_equal(s.hand_over(s.arg, p, &handed, &e), 0);
	assert_string_equal(handed.queue_id, "");
	assert_int_equal(stage_take(&stage, found), 1);
	assert_non_null(strstr(found[0], "a@x.example > b@y.example"));
	free(found[0]);
	parcel_free(p);
	envelope_clear(&env);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_of_this_host),
		cmocka_unit_test(it_hands_over_to_the_site),
	};

	return cmocka_run_group_tests_name("smtpd_service", tests, NULL, NULL);
}
