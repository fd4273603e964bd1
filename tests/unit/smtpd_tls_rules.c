/* SPDX-License-Identifier: ISC */
/* Which certificates and keys a listener serves with. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "smtpd/tls.h"
#include "tests/unit/tlspair.h"

static struct pair rsa, ec;

static int
set_up(void **state)
{
	(void)state;
	tlspair_make(&rsa, &(struct tlspair){ .bits = 2048 });
	tlspair_make(&ec, &(struct tlspair){ .is_ec = true });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pair_wipe(&rsa);
	pair_wipe(&ec);
	return 0;
}

static void
refused(const struct pair *p, unsigned min, const char *why)
{
	struct tls_rules *r;
	struct err e;

	r = tls_rules_new(min, p, &e);
	assert_null(r);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(e.class, ERR_LOCAL);
}

static void
what_cannot_serve(void **state)
{
	struct pair other, p;

	(void)state;
	tlspair_make(&other, &(struct tlspair){ .bits = 2048 });
	p = (struct pair){ rsa.certificate, other.key };
	refused(&p, 12, "not that of the certificate");
	p = (struct pair){ rsa.certificate, ec.key };
	refused(&p, 12, "not that of the certificate");
	p = (struct pair){ rsa.key, rsa.key };
	refused(&p, 12, "no certificate");
	p = (struct pair){ rsa.certificate, rsa.certificate };
	refused(&p, 12, "no key");
	pair_wipe(&other);
	tlspair_make(
	    &other, &(struct tlspair){ .bits = 2048, .is_encrypted = true });
	refused(&other, 12, "without a password");
	pair_wipe(&other);
	tlspair_make(&other, &(struct tlspair){ .bits = 1024 });
	refused(&other, 10, "key too small");
	pair_wipe(&other);
	/* half of a chain, as somebody writes it */
	pair_init(&other);
	buf_append(
	    &other.certificate, rsa.certificate.data, rsa.certificate.len);
	buf_append(
	    &other.certificate, rsa.certificate.data, rsa.certificate.len / 2);
	buf_append(&other.key, rsa.key.data, rsa.key.len);
	refused(&other, 12, "behind the first");
	pair_wipe(&other);
}

static struct pair_judged
judge(const struct pair *p, unsigned min)
{
	struct pair_judged j;
	struct tls_rules *r;
	struct err e;

	r = tls_rules_new(min, p, &e);
	assert_non_null(r);
	tls_rules_judge(r, &j);
	tls_rules_free(r);
	assert_true(j.is_good);
	return j;
}

static void
what_is_worth_a_warning(void **state)
{
	struct pair_judged j;
	struct pair old;

	(void)state;
	j = judge(&rsa, 10);
	assert_string_equal(j.text, "");
	assert_true(j.until > clock_wall() && j.until < clock_wall() + 172800);
	j = judge(&ec, 12);
	assert_string_equal(j.text, "");
	j = judge(&ec, 10);
	assert_non_null(strstr(j.text, "RSA"));
	tlspair_make(
	    &old, &(struct tlspair){ .bits = 2048, .is_expired = true });
	j = judge(&old, 12);
	assert_non_null(strstr(j.text, "expired"));
	assert_true(j.until < clock_wall());
	pair_wipe(&old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_serve),
		cmocka_unit_test(what_is_worth_a_warning),
	};

	return cmocka_run_group_tests_name(
	    "smtpd_tls_rules", tests, set_up, tear_down);
}
