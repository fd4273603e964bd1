/* SPDX-License-Identifier: ISC */
/* Whose word is taken for where a message comes from, and what it may be. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/device_store.h"
#include "queue/origin.h"
#include "tests/unit/conf_help.h"

#define OUT_MAX 4096

static const uint8_t token[ORIGIN_TOKEN] = { 1, 2, 3, [31] = 4 };

/* The frame that says so, judged by someone who knows the token. */
static int
take(const uint8_t *said, const uint8_t *known, const char *listener,
    const char *client, struct origin *out, struct err *e)
{
	struct conf *c = good(MAILBOX "[listen scan]\n[listen b]\nport = 26\n");
	struct submit_origin o = { .listener = (char *)(uintptr_t)listener,
		.client = (char *)(uintptr_t)client,
		.smtpd = 4711 };
	struct frame f;
	struct buf b;
	int rc;

	memcpy(o.token, said, sizeof(o.token));
	buf_init(&b, OUT_MAX);
	assert_int_equal(origin_put(&b, &o), 0);
	assert_int_equal(frame_parse(b.data, b.len, &f), b.len);
	rc = origin_take(&f, known, c, out, e);
	if (rc == 0)
		assert_string_equal(out->listener->name, listener);
	buf_clear(&b);
	conf_free(c);
	return rc;
}

static void
who_is_believed(void **state)
{
	uint8_t other[ORIGIN_TOKEN];
	struct origin o;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(take(token, token, "scan", "192.0.2.1", &o, &e), 0);
	assert_string_equal(o.client, "192.0.2.1");
	assert_int_equal(take(token, token, "b", "2001:db8::1", &o, &e), 0);
	assert_string_equal(o.client, "2001:db8::1");
	for (i = 0; i < sizeof(other); i++) {
		memcpy(other, token, sizeof(other));
		other[i] ^= 0x80;
		assert_int_equal(
		    take(other, token, "scan", "192.0.2.1", &o, &e), -1);
		assert_int_equal(e.class, ERR_PERM);
		assert_null(o.listener);
	}
	assert_int_equal(take(token, NULL, "scan", "192.0.2.1", &o, &e), -1);
	memset(other, 0, sizeof(other));
	assert_int_equal(take(other, NULL, "scan", "192.0.2.1", &o, &e), -1);
}

static void
what_is_believed(void **state)
{
	struct origin o;
	struct err e;

	(void)state;
	/* a listener that a reload has taken away */
	assert_int_equal(take(token, token, "gone", "192.0.2.1", &o, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(
	    take(token, token, "scan", "x]\r\nEvil: y", &o, &e), -1);
	assert_int_equal(take(token, token, "scan", "", &o, &e), -1);
}

static void
senders_and_recipients(void **state)
{
	static char pattern[] = "@contoso.com";
	static char *patterns[] = { pattern };
	struct conf_listen l = { .senders = { patterns, 1 },
		.max_recipients = 2 };
	const struct origin o = { .listener = &l, .client = "192.0.2.1" };
	struct envelope env;
	struct err e;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("scan@contoso.com");
	envelope_add(&env, "a@y.example");
	envelope_add(&env, "b@y.example");
	env.from = xstrdup("scan@contoso.com");
	assert_int_equal(origin_check(&o, &env, &e), 0);
	/* who is seen counts, and not who gets the bounces */
	free(env.from);
	env.from = xstrdup("ceo@other.example");
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_string_equal(e.status, "5.7.1");
	l.senders.n = 0;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	envelope_add(&env, "c@y.example");
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_string_equal(e.status, "5.5.3");
	envelope_clear(&env);
}

/* One who may does not carry one who may not, wherever that one stands. */
static void
every_author_is_judged(void **state)
{
	static char pattern[] = "@contoso.com", any[] = "192.0.2.0/24=*";
	static char *patterns[] = { pattern, any };
	static char login[] = "scanner", own[] = "a@x.example, *@y.example";
	struct conf_listen l = { .senders = { patterns, 1 },
		.max_recipients = 2 };
	struct origin o = { .listener = &l, .client = "192.0.2.1" };
	struct envelope env;
	struct err e;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("scan@contoso.com");
	env.from = xstrdup("scan@contoso.com");
	strlist_add(&env.authors.others, "copy@contoso.com");
	assert_int_equal(origin_check(&o, &env, &e), 0);
	strlist_add(&env.authors.others, "ceo@other.example");
	strlist_add(&env.authors.others, "last@contoso.com");
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_string_equal(e.status, "5.7.1");
	assert_string_equal(e.text, "ceo@other.example may not send here");
	/* where anybody may, so do they all */
	l.senders.n = 2;
	env.authors.has_unread = true;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	l.senders.n = 0;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	/* a login's own patterns are for all of them, too */
	l.senders.n = 2;
	o.login = login;
	o.senders = own;
	envelope_clear(&env);
	env.sender = xstrdup("");
	env.from = xstrdup("a@x.example");
	strlist_add(&env.authors.others, "b@y.example");
	assert_int_equal(origin_check(&o, &env, &e), 0);
	strlist_add(&env.authors.others, "b@x.example");
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_string_equal(e.text, "scanner may not send as b@x.example");
	envelope_clear(&env);
}

/* What cannot be read is nobody whom a pattern names. */
static void
who_cannot_be_read_is_judged(void **state)
{
	static char pattern[] = "@contoso.com", all[] = "*@*", own[] = "x *@*";
	static char *patterns[] = { pattern, all };
	struct conf_listen l = { .senders = { patterns, 2 },
		.max_recipients = 2 };
	struct origin o = { .listener = &l, .client = "192.0.2.1" };
	struct envelope env;
	struct err e;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("scan@contoso.com");
	env.from = xstrdup("scan@contoso.com");
	assert_int_equal(origin_check(&o, &env, &e), 0);
	env.authors.has_unread = true;
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_string_equal(e.status, "5.7.1");
	o.senders = own;
	assert_int_equal(origin_check(&o, &env, &e), -1);
	envelope_clear(&env);
}

/* An smtpd that tells no From has met one that it could not tell. */
static void
who_is_not_told_is_judged(void **state)
{
	static char pattern[] = "@contoso.com", all[] = "*";
	static char *patterns[] = { pattern, all };
	struct conf_listen l = { .senders = { patterns, 1 },
		.max_recipients = 2 };
	struct origin o = { .listener = &l, .client = "192.0.2.1" };
	struct envelope env;
	struct err e;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("scan@contoso.com");
	assert_int_equal(origin_check(&o, &env, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_string_equal(e.status, "5.7.1");
	o.senders = pattern;
	assert_int_equal(origin_check(&o, &env, &e), -1);
	o.senders = all;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	o.senders = NULL;
	l.senders.n = 2;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	l.senders.n = 0;
	assert_int_equal(origin_check(&o, &env, &e), 0);
	envelope_clear(&env);
}

static uint32_t
number(const char *listener, const char *client)
{
	struct origin o;
	struct err e;

	assert_int_equal(take(token, token, listener, client, &o, &e), 0);
	assert_in_range(o.device, 1, 0x7fffffff);
	return o.device;
}

/* By the listener and the address; of IPv6 a /64 is one. */
static void
each_device_has_a_number(void **state)
{
	struct network n;

	(void)state;
	assert_int_equal(
	    number("scan", "192.0.2.1"), number("scan", "192.0.2.1"));
	assert_int_not_equal(
	    number("scan", "192.0.2.1"), number("scan", "192.0.2.2"));
	assert_int_not_equal(
	    number("scan", "192.0.2.1"), number("b", "192.0.2.1"));
	assert_int_equal(
	    number("scan", "2001:db8::1"), number("scan", "2001:db8::2:3:4"));
	assert_int_not_equal(
	    number("scan", "2001:db8::1"), number("scan", "2001:db8:0:1::1"));
	/* a login that looks like an address is not the one that has it */
	network_parse("192.0.2.1", &n);
	assert_int_not_equal(origin_number("scan", "192.0.2.1", &n),
	    origin_number("scan", "", &n));
	/* For good: messages in the queue have it. */
	assert_int_equal(number("scan", "192.0.2.1"), 0x44145e16);
	/* one of those few whose hash is what a user of this host has */
	assert_int_equal(number("scan", "200.22.21.61"), 1);
}

static void
what_the_report_says_of_it(void **state)
{
	static char name[] = "scan";
	struct conf_listen l = { .name = name };
	const struct origin o = { .listener = &l,
		.client = "192.0.2.1",
		.words = { .tls_version = "TLSv1",
		    .tls_cipher = "AES256-SHA",
		    .helo = "copier" } };
	struct device d;

	(void)state;
	origin_device(&o, &d);
	assert_string_equal(d.listener, "scan");
	assert_string_equal(d.client, "192.0.2.1");
	assert_string_equal(d.login, "");
	assert_string_equal(d.name, "copier");
	assert_string_equal(d.tls, "TLSv1");
	assert_string_equal(d.cipher, "AES256-SHA");
	assert_string_equal(d.error, "");
}

static void
a_copy_lasts(void **state)
{
	struct origin o = { .login = xstrdup("scanner"),
		.senders = xstrdup("@contoso.com"),
		.device = 7 };
	struct origin copy;

	(void)state;
	strlcpy(o.client, "192.0.2.1", sizeof(o.client));
	origin_copy(&copy, &o);
	origin_release(&o);
	memset(&o, 'x', sizeof(o));
	assert_string_equal(copy.login, "scanner");
	assert_string_equal(copy.senders, "@contoso.com");
	assert_string_equal(copy.client, "192.0.2.1");
	assert_int_equal(copy.device, 7);
	origin_release(&copy);
}

static void
a_forced_sender(void **state)
{
	static char from[] = "scans@contoso.com";
	struct conf_listen l = { .from = NULL };
	const struct origin o = { .listener = &l };
	struct envelope env;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("root");
	env.sender_is_local = true;
	origin_force_sender(&o, &env);
	assert_string_equal(env.sender, "root");
	assert_true(env.sender_is_local);
	l.from = from;
	origin_force_sender(&o, &env);
	assert_string_equal(env.sender, from);
	assert_string_equal(env.from, from);
	assert_false(env.sender_is_local);
	envelope_clear(&env);
}

/* A message of that client, by that login or none. */
static int
check(const char *listener_senders, const char *client, const char *login,
    const char *senders, const char *from)
{
	char *text = xasprintf(
	    MAILBOX "[listen scan]\nsenders = %s\n", listener_senders);
	struct conf *c = good(text);
	struct origin o = { .listener = &c->listeners[0],
		.login = (char *)(uintptr_t)login,
		.senders = (char *)(uintptr_t)senders };
	struct envelope env;
	struct err e;
	int rc;

	envelope_init(&env);
	env.sender = xstrdup("");
	env.from = xstrdup(from);
	strlcpy(o.client, client, sizeof(o.client));
	rc = origin_check(&o, &env, &e);
	if (rc == -1)
		assert_string_equal(e.status, "5.7.1");
	envelope_clear(&env);
	conf_free(c);
	free(text);
	return rc;
}

static void
senders_of_a_network(void **state)
{
	static const char senders[] =
	    "@contoso.com 192.0.2.0/24=a@x.example 2001:db8::/32=@y.example "
	    "a=b@z.example";
	static const struct {
		const char *client, *from;
		int rc;
	} cases[] = {
		{ "198.51.100.1", "who@contoso.com", 0 },
		{ "198.51.100.1", "a@x.example", -1 },
		{ "192.0.2.255", "a@x.example", 0 },
		{ "192.0.2.255", "b@x.example", -1 },
		{ "192.0.2.255", "who@contoso.com", 0 },
		{ "192.0.3.0", "a@x.example", -1 },
		{ "2001:db8::7", "who@y.example", 0 },
		{ "2001:db9::7", "who@y.example", -1 },
		{ "192.0.2.1", "who@y.example", -1 },
		{ "198.51.100.1", "a=b@z.example", 0 },
		{ "unknown", "who@contoso.com", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check(senders, cases[i].client, NULL, NULL,
			cases[i].from) != cases[i].rc)
			fail_msg("row %zu", i);
}

/* A login's own are in place of the listener's. */
static void
senders_of_a_login(void **state)
{
	static const char own[] = "boss@x.example, @y.example\t*@*.z.example,";
	const char *all = "@contoso.com";

	(void)state;
	assert_int_equal(check(all, "::1", "a", own, "boss@x.example"), 0);
	assert_int_equal(check(all, "::1", "a", own, "b@y.example"), 0);
	assert_int_equal(check(all, "::1", "a", own, "b@c.z.example"), 0);
	assert_int_equal(check(all, "::1", "a", own, "b@contoso.com"), -1);
	assert_int_equal(check(all, "::1", "a", own, "oss@x.example"), -1);
	assert_int_equal(check(all, "::1", "a", NULL, "b@contoso.com"), 0);
	assert_int_equal(check(all, "::1", "a", NULL, "boss@x.example"), -1);
	assert_int_equal(check(all, "::1", "a", "", "b@contoso.com"), -1);
}

static void
received(void **state)
{
	static char name[] = "scan";
	struct conf_listen l = { .name = name };
	struct origin o = { .listener = &l, .client = "192.0.2.1" };
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	origin_put_received(&o, "web01.example", &b);
	assert_string_equal(buf_data(&b),
	    "Received: from [192.0.2.1]\r\n"
	    "\tby web01.example (mailchute, listener scan)\r\n"
	    "\twith SMTP\r\n");
	buf_truncate(&b, 0);
	strlcpy(o.client, "2001:db8::1", sizeof(o.client));
	origin_put_received(&o, "h", &b);
	assert_non_null(strstr(buf_data(&b), "from [IPv6:2001:db8::1]\r\n"));
	buf_clear(&b);
}

/* What a client says of itself is told when it looks like what it should. */
static void
received_words(void **state)
{
	static char name[] = "scan";
	struct conf_listen l = { .name = name };
	struct origin o = { .listener = &l,
		.client = "192.0.2.1",
		.words = { "TLSv1", "ECDHE-RSA-AES256-SHA", "copier", true } };
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	origin_put_received(&o, "h", &b);
	assert_string_equal(buf_data(&b),
	    "Received: from copier ([192.0.2.1])\r\n"
	    "\tby h (mailchute, listener scan)\r\n"
	    "\twith ESMTPS (TLSv1 ECDHE-RSA-AES256-SHA)\r\n");
	buf_truncate(&b, 0);
	o.login = (char *)(uintptr_t) "scanner";
	origin_put_received(&o, "h", &b);
	assert_non_null(strstr(buf_data(&b), "\twith ESMTPSA ("));
	buf_truncate(&b, 0);
	o.words.is_esmtp = false;
	origin_put_received(&o, "h", &b);
	assert_non_null(strstr(buf_data(&b), "\twith SMTP (TLSv1 "));
	o.words.is_esmtp = true;
	o.login = NULL;
	buf_truncate(&b, 0);
	strlcpy(o.words.helo, "x) by y (z", sizeof(o.words.helo));
	o.words.tls_version[0] = '\0';
	origin_put_received(&o, "h", &b);
	assert_non_null(strstr(buf_data(&b), "Received: from [192.0.2.1]\r\n"));
	assert_non_null(strstr(buf_data(&b), "\twith ESMTP\r\n"));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_believed),
		cmocka_unit_test(what_is_believed),
		cmocka_unit_test(senders_and_recipients),
		cmocka_unit_test(every_author_is_judged),
		cmocka_unit_test(who_cannot_be_read_is_judged),
		cmocka_unit_test(who_is_not_told_is_judged),
		cmocka_unit_test(each_device_has_a_number),
		cmocka_unit_test(what_the_report_says_of_it),
		cmocka_unit_test(a_copy_lasts),
		cmocka_unit_test(a_forced_sender),
		cmocka_unit_test(senders_of_a_network),
		cmocka_unit_test(senders_of_a_login),
		cmocka_unit_test(received),
		cmocka_unit_test(received_words),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
