/* SPDX-License-Identifier: ISC */
/* Parameters of MAIL and RCPT. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "smtpd/params.h"

#define SIZE_MAX_HERE 1000

/* "CODE STATUS" of a refusal, or what the envelope holds. */
static const struct {
	const char *params, *wanted;
} of_mail[] = {
	{ "", "" },
	{ "SIZE=1000", "" },
	{ "size=0", "" },
	{ "BODY=8BITMIME", " 8bit" },
	{ "body=7bit", " 7bit" },
	{ "SMTPUTF8", " utf8" },
	{ "RET=FULL", " full" },
	{ "RET=hdrs", " hdrs" },
	{ "ENVID=QQ+2B1", " QQ+2B1" },
	{ "AUTH=<>", "" },
	{ "AUTH=a+40b", "" },
	{ "SIZE=1  BODY=8BITMIME\tRET=FULL ENVID=x SMTPUTF8 AUTH=<>",
	    " 8bit utf8 full x" },
	/* refused */
	{ "SIZE=1001", "552 5.3.4" },
	{ "SIZE=99999999999999999999", "552 5.3.4" },
	{ "SIZE=100000000000000000000", "501 5.5.4" },
	{ "SIZE=", "501 5.5.4" },
	{ "SIZE", "501 5.5.4" },
	{ "SIZE=-1", "501 5.5.4" },
	{ "SIZE=1K", "501 5.5.4" },
	{ "SIZE=1 SIZE=1", "501 5.5.4" },
	{ "BODY=BINARYMIME", "501 5.5.4" },
	{ "BODY", "501 5.5.4" },
	{ "SMTPUTF8=yes", "501 5.5.4" },
	{ "RET=SOME", "501 5.5.4" },
	{ "ENVID=", "501 5.5.4" },
	{ "ENVID=a=b", "501 5.5.4" },
	{ "ENVID=+2", "501 5.5.4" },
	{ "AUTH", "501 5.5.4" },
	{ "NOTIFY=NEVER", "555 5.5.4" },
	{ "XYZ=1", "555 5.5.4" },
	{ "=", "555 5.5.4" },
	{ "<a@b>", "555 5.5.4" },
};

static void
mail(void **state)
{
	static const char *const bodies[] = { "", " 7bit", " 8bit" };
	static const char *const rets[] = { "", " full", " hdrs" };
	struct envelope env;
	struct reply r;
	struct span s;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(of_mail) / sizeof(of_mail[0]); i++) {
		buf_init(&b, 4096);
		envelope_init(&env);
		s.p = of_mail[i].params;
		s.n = strlen(s.p);
		if (params_mail(
			&s, SIZE_LIMIT_QUEUE(SIZE_MAX_HERE), &env, &r) == -1)
			buf_printf(&b, "%u %s", r.code, r.status);
		else
			buf_printf(&b, "%s%s%s%s%s", bodies[env.body],
			    env.smtputf8 ? " utf8" : "", rets[env.ret],
			    env.envid == NULL ? "" : " ",
			    env.envid == NULL ? "" : env.envid);
		if (strcmp(buf_data(&b), of_mail[i].wanted) != 0)
			print_error("%s\n", of_mail[i].params);
		assert_string_equal(buf_data(&b), of_mail[i].wanted);
		envelope_clear(&env);
		buf_clear(&b);
	}
}

static void
no_limit_is_no_limit(void **state)
{
	const struct span s = { "SIZE=99999999999999999999", 25 };
	struct envelope env;
	struct reply r;

	(void)state;
	envelope_init(&env);
	assert_int_equal(params_mail(&s, SIZE_LIMIT_NONE, &env, &r), 0);
}

/* Which is not the same for the programs of this host and for devices. */
static void
a_limit_has_its_name(void **state)
{
	const struct span s = { "SIZE=11", 7 };
	struct envelope env;
	struct reply r;

	(void)state;
	envelope_init(&env);
	assert_int_equal(params_mail(&s, SIZE_LIMIT_QUEUE(10), &env, &r), -1);
	assert_non_null(
	    strstr(r.text, "10 octets that queue.message_size_max"));
	assert_int_equal(
	    params_mail(&s, SIZE_LIMIT_LISTENER(10), &env, &r), -1);
	assert_non_null(strstr(r.text, "10 octets that listen.max_size"));
}

static const struct {
	const char *params, *wanted;
} of_rcpt[] = {
	{ "", "0 -" },
	{ "NOTIFY=NEVER", "1 -" },
	{ "notify=success,FAILURE,delay", "14 -" },
	{ "ORCPT=rfc822;a+2Bb@c.example", "0 rfc822;a+2Bb@c.example" },
	{ "ORCPT=x-local;root NOTIFY=FAILURE", "4 x-local;root" },
	/* refused */
	{ "NOTIFY=", "501 5.5.4" },
	{ "NOTIFY=NEVER,SUCCESS", "501 5.5.4" },
	{ "NOTIFY=ALWAYS", "501 5.5.4" },
	{ "NOTIFY=SUCCESS,", "501 5.5.4" },
	{ "ORCPT=a@b", "501 5.5.4" },
	{ "ORCPT=rfc822;", "501 5.5.4" },
	{ "ORCPT=;a@b", "501 5.5.4" },
	{ "ORCPT=rfc822;a=b@c", "501 5.5.4" },
	{ "ORCPT=rfc822;a+2b@c", "501 5.5.4" },
	{ "ORCPT=rfc822;a ORCPT=rfc822;b", "501 5.5.4" },
	{ "ORCPT=rfc822;a NOTIFY=x", "501 5.5.4" },
	{ "SIZE=1", "555 5.5.4" },
};

static void
rcpt(void **state)
{
	struct rcpt_params p;
	struct reply r;
	struct span s;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(of_rcpt) / sizeof(of_rcpt[0]); i++) {
		buf_init(&b, 4096);
		s.p = of_rcpt[i].params;
		s.n = strlen(s.p);
		if (params_rcpt(&s, &p, &r) == -1)
			buf_printf(&b, "%u %s", r.code, r.status);
		else
			buf_printf(&b, "%u %s", p.notify,
			    p.orcpt == NULL ? "-" : p.orcpt);
		if (strcmp(buf_data(&b), of_rcpt[i].wanted) != 0)
			print_error("%s\n", of_rcpt[i].params);
		assert_string_equal(buf_data(&b), of_rcpt[i].wanted);
		free(p.orcpt);
		buf_clear(&b);
	}
}

/* RFC 3461 4.2. */
static void
orcpt_has_500_octets(void **state)
{
	char text[600] = "ORCPT=rfc822;";
	struct rcpt_params p;
	struct reply r;
	struct span s = { text, 6 + 500 };

	(void)state;
	memset(text + strlen(text), 'a', 550);
	assert_int_equal(params_rcpt(&s, &p, &r), 0);
	assert_int_equal(strlen(p.orcpt), 500);
	free(p.orcpt);
	s.n++;
	assert_int_equal(params_rcpt(&s, &p, &r), -1);
	assert_null(p.orcpt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail),
		cmocka_unit_test(no_limit_is_no_limit),
		cmocka_unit_test(a_limit_has_its_name),
		cmocka_unit_test(rcpt),
		cmocka_unit_test(orcpt_has_500_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
