/* SPDX-License-Identifier: ISC */
/* What deliver is told of an account: each option as the configuration has it.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

/* SESSION as the first deliver of that configuration hears it. */
static void
session_of(const char *options, struct job_session *s)
{
	struct deliver d;
	struct frame f;

	rig_up(options);
	post(1000, "a@example.com");
	will_start(&d);
	kick();
	asked(ASK_DELIVER);
	f = hears(&d, JOB_SESSION);
	assert_int_equal(job_get_session(&f, s, &rig.o.e), 0);
	dispatch_stop(rig.o.parts.dispatch);
	hangs_up(&d);
	rig_down();
}

static void
is_list(const struct strlist *l, const char *first, const char *second)
{
	assert_int_equal(l->n, 2);
	assert_string_equal(l->v[0], first);
	assert_string_equal(l->v[1], second);
}

/* Nothing here is the default, so that a copy that was forgotten shows. */
static void
each_option_is_told(void **state)
{
	struct job_session s;

	(void)state;
	session_of("[local]\nadmin = it@contoso.com\n"
		   "hostname = mx7.contoso.com\ndomain = mail.contoso.com\n"
		   "names = contoso.com web01.contoso.com\n"
		   "[account]\nprovider = smtp\nhost = a.example b.example:26\n"
		   "port = 2525\ntls = implicit\ntls_min = 1.3\n"
		   "tls_ca_file = /etc/ours.pem\nfamily = ipv6\n"
		   "user = alerts@contoso.com\nauth = plain\n"
		   "password_file = pw\nchunking = no\nlinger = 7s\n"
		   "senders = @contoso.com web@example.com\n"
		   "rewrite = always\noriginal_from = no\n"
		   "[sandbox]\nmode = log\n"
		   "[log]\ntarget = stderr\nlevel = debug\n",
	    &s);
	assert_string_equal(s.account, "");
	assert_int_equal(s.provider, PROVIDER_SMTP);
	is_list(&s.hosts, "a.example", "b.example:26");
	assert_int_equal(s.first_host, 0);
	assert_int_equal(s.port, 2525);
	assert_int_equal(s.tls, TLS_IMPLICIT);
	assert_int_equal(s.tls_min, 13);
	assert_string_equal(s.ca_file, "/etc/ours.pem");
	assert_int_equal(s.family, FAMILY_IPV6);
	assert_string_equal(s.user, "alerts@contoso.com");
	assert_int_equal(s.auth, AUTH_PLAIN);
	assert_int_equal(s.secret, JOB_SECRET_FD);
	assert_false(s.chunking);
	assert_int_equal(s.linger_ms, 7000);
	assert_string_equal(s.helo, "mx7.contoso.com");
	assert_int_equal(s.sandbox, SANDBOX_LOG);
	is_list(&s.senders, "@contoso.com", "web@example.com");
	assert_int_equal(s.rewrite, REWRITE_ALWAYS);
	assert_false(s.original_from);
	is_list(&s.local_names, "contoso.com", "web01.contoso.com");
	assert_string_equal(s.domain, "mail.contoso.com");
	assert_string_equal(s.hostname, "mx7.contoso.com");
	assert_int_equal(s.log_target, CONF_LOG_STDERR);
	assert_int_equal(s.log_level, LOG_DEBUG);
	assert_false(s.has_ticket);
	job_session_clear(&s);
}

/* And the defaults of an account that says little. */
static void
what_is_not_given_is_the_default(void **state)
{
	struct job_session s;

	(void)state;
	session_of(OFFICE_ADMIN OFFICE_ACCOUNT, &s);
	assert_int_equal(s.tls, TLS_NONE);
	assert_int_equal(s.tls_min, 12);
	assert_null(s.ca_file);
	assert_null(s.user);
	assert_int_equal(s.auth, AUTH_NONE);
	assert_int_equal(s.secret, JOB_SECRET_NONE);
	assert_int_equal(s.family, FAMILY_ANY);
	assert_true(s.chunking);
	assert_true(s.original_from);
	assert_int_equal(s.rewrite, REWRITE_AUTO);
	assert_int_equal(s.sandbox, SANDBOX_STRICT);
	assert_int_equal(s.log_target, CONF_LOG_SYSLOG);
	assert_int_equal(s.log_level, LOG_INFO);
	job_session_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_told),
		cmocka_unit_test(what_is_not_given_is_the_default),
	};

	return cmocka_run_group_tests_name(
	    "session_describe", tests, NULL, NULL);
}
