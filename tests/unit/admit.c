/* SPDX-License-Identifier: ISC */
/* Admission: what is refused, and what a submission becomes in the queue. */
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
#include "queue/limits.h"
#include "tests/unit/admit_rig.h"

static void
a_small_message_is_one_commit(void **state)
{
	static const char body[] = "Subject: x\r\n\r\nHello\r\n";
	struct store_message m;
	struct parcel p;
	struct office o;
	char *text, *after;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	begin_plain(&o, &p, 1);
	assert_string_equal(admission_sender(p.m), "sender@example.com");
	data(&o, &p, body, sizeof(body) - 1);
	assert_false(admission_is_busy(p.m));
	assert_string_equal(office_list(&o), "");
	finish(&o, &p, sizeof(body) - 1);
	assert_int_equal(p.why.class, ERR_NONE);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to r@example.com queued");
	memset(&m, 0, sizeof(m));
	assert_int_equal(store_message_get(o.parts.store, p.id, &m, &o.e), 1);
	assert_int_equal(m.uid, UID);
	assert_int_equal(m.due_at, m.arrived_at);
	store_message_clear(&m);
	/* Our trace stands in front of it, and nothing else is changed. */
	text = stored(&o, p.id, NULL);
	assert_memory_equal(text,
	    "Received: by web01.contoso.com (mailchute, from userid 1000)"
	    "\r\n\tid ",
	    strlen("Received: by web01.contoso.com (mailchute, from userid "
		   "1000)\r\n\tid "));
	after = strstr(text, "Subject: x");
	assert_non_null(after);
	assert_string_equal(after, body);
	assert_memory_equal(after - 2, "\r\n", 2);
	free(text);
	office_close(&o);
}

/* Half-way in when the queue has followed a clock that was set: due at once. */
static void
the_clock_is_set_meanwhile(void **state)
{
	static const char body[] = "Subject: x\r\n\r\nHello\r\n";
	const int64_t year = INT64_C(365) * 86400;
	struct store_message m;
	struct parcel p;
	struct office o;
	int64_t now;
	int i;

	(void)state;
	for (i = -1; i <= 1; i += 2) {
		office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
		o.parts.times.pending_s = i * year;
		begin_plain(&o, &p, 1);
		data(&o, &p, body, sizeof(body) - 1);
		o.parts.times.pending_s = 0;
		now = times_now(&o.parts.times);
		finish(&o, &p, sizeof(body) - 1);
		memset(&m, 0, sizeof(m));
		assert_int_equal(
		    store_message_get(o.parts.store, p.id, &m, &o.e), 1);
		assert_in_range(m.arrived_at, now, now + 60);
		assert_int_equal(m.due_at, m.arrived_at);
		store_message_clear(&m);
		office_close(&o);
	}
}

static void
all_of_the_envelope_is_kept(void **state)
{
	struct store_message m;
	struct store_rcpt *v;
	struct envelope env;
	struct parcel p;
	struct office o;
	size_t n;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&o, "aliases", "root: ops@contoso.com\n");
	to(&env, "cron", "root");
	env.from = xstrdup("root@contoso.com");
	env.message_id = xstrdup("<1@contoso.com>");
	env.envid = xstrdup("E1");
	env.body = BODY_8BITMIME;
	env.smtputf8 = true;
	env.ret = RET_HDRS;
	env.rcpts[0].notify = NOTIFY_DELAY;
	envelope_add(&env, "bob@example.com")->orcpt =
	    xstrdup("rfc822;bobby@example.com");
	assert_int_equal(begin(&o, &p, UID, 1, &env), 0);
	finish(&o, &p, 0);
	memset(&m, 0, sizeof(m));
	assert_int_equal(store_message_get(o.parts.store, p.id, &m, &o.e), 1);
	assert_string_equal(m.sender, "cron");
	assert_string_equal(m.from, "root@contoso.com");
	assert_string_equal(m.message_id, "<1@contoso.com>");
	assert_string_equal(m.envid, "E1");
	assert_string_equal(m.account, "");
	assert_int_equal(m.kind, KIND_MAIL);
	assert_int_equal(m.body, BODY_8BITMIME);
	assert_int_equal(m.ret, RET_HDRS);
	assert_true(m.smtputf8);
	store_message_clear(&m);
	assert_int_equal(store_rcpts_get(o.parts.store, p.id, &v, &n, &o.e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(v[0].address, "ops@contoso.com");
	assert_string_equal(v[0].original, "root");
	assert_int_equal(v[0].notify, NOTIFY_DELAY);
	assert_string_equal(v[1].orcpt, "rfc822;bobby@example.com");
	store_rcpt_clear(&v[0]);
	store_rcpt_clear(&v[1]);
	free(v);
	office_close(&o);
}

static void
bad_envelopes_are_refused(void **state)
{
	static const struct {
		const char *sender, *rcpt, *status;
	} cases[] = {
		{ "a@example.com", NULL, "5.5.1" },
		{ "a@", "b@example.com", "5.1.7" },
		{ "a b@example.com", "b@example.com", "5.1.7" },
		{ "", "b@", "5.1.3" },
		{ "", "@example.com", "5.1.3" },
		{ "", "a@b..cc", "5.1.3" },
		{ "", "a..b@example.com", "5.1.3" },
		{ "", "a@-b.example", "5.1.3" },
		{ "", "a b@example.com", "5.1.3" },
		{ "", "a@[300.1.2.3]", "5.1.3" },
		{ "", "<a@example.com>", "5.1.3" },
		{ "", "a\r\nb@example.com", "5.1.3" },
		{ "", "|/bin/sh", "5.1.3" },
		{ "", "", "5.1.3" },
	};
	struct envelope env;
	struct parcel p;
	struct office o;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		to(&env, cases[i].sender, cases[i].rcpt);
		assert_int_equal(begin(&o, &p, UID, 1, &env), -1);
		refused(&o, ERR_PERM, cases[i].status);
	}
	/* One bad recipient among good ones. */
	to(&env, "", "b@example.com");
	envelope_add(&env, "b@");
	assert_int_equal(begin(&o, &p, UID, 1, &env), -1);
	refused(&o, ERR_PERM, "5.1.3");
	assert_string_equal(office_list(&o), "");
	office_close(&o);
}

static void
what_may_not_come_in_is_refused_at_once(void **state)
{
	struct envelope env;
	struct parcel p;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT
	    "users = root\n[queue]\nuid_messages = 1\n");
	/* No account for this user. */
	to(&env, "", "b@example.com");
	assert_int_equal(begin(&o, &p, 2000000000, 1, &env), -1);
	refused(&o, ERR_PERM, "5.7.1");
	office_close(&o);

	/* As many messages as he may have. */
	office_open(
	    &o, OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_messages = 1\n");
	begin_plain(&o, &p, 1);
	finish(&o, &p, 0);
	to(&env, "", "b@example.com");
	assert_int_equal(begin(&o, &p, UID, 2, &env), -1);
	refused(&o, ERR_TEMP, "4.5.3");
	to(&env, "", "b@example.com");
	assert_int_equal(begin(&o, &p, UID + 1, 2, &env), 0);
	admission_drop(p.m);
	office_close(&o);
}

static void
no_room_on_the_disk_is_told(void **state)
{
	struct envelope env;
	struct parcel p;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	o.conf->queue.free_space_min = UINT64_MAX;
	to(&env, "", "b@example.com");
	assert_int_equal(begin(&o, &p, UID, 1, &env), -1);
	refused(&o, ERR_TEMP, "4.3.1");
	office_close(&o);
}

/* Whoever breaks the form could smuggle an end of data past the server. */
static void
only_the_canonical_form_is_taken(void **state)
{
	static const struct {
		const char *first, *second;
		bool is_canonical;
	} cases[] = {
		{ "", "", true },
		{ "a", "b", true },
		{ "a\r\n", "b\r\n", true },
		{ "a\r", "\nb", true },
		{ "\r\n\r\n", "\r\n", true },
		{ "\n", "", false },
		{ "a\nb", "", false },
		{ "a", "\nb", false },
		{ "a\rb", "", false },
		{ "a\r", "b", false },
		{ "a\r", "\r\n", false },
		{ "a\r\n\n", "", false },
		{ "a\r\n", "\n", false },
		{ "a\n\r\n", "", false },
		{ "a\r\n.\r", "x", false },
	};
	struct parcel p;
	struct office o;
	bool taken;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_plain(&o, &p, 1);
		taken = admission_data(p.m, cases[i].first,
			    strlen(cases[i].first), &o.e) == 0 &&
			admission_data(p.m, cases[i].second,
			    strlen(cases[i].second), &o.e) == 0;
		if (taken != cases[i].is_canonical)
			fail_msg("case %zu", i);
		if (!taken)
			refused(&o, ERR_PERM, "5.6.0");
		admission_drop(p.m);
	}
	begin_plain(&o, &p, 1);
	assert_int_equal(admission_data(p.m, "a\0b", 3, &o.e), -1);
	refused(&o, ERR_PERM, "5.6.0");
	admission_drop(p.m);
	/* A line end cut in two at the very end. */
	begin_plain(&o, &p, 1);
	data(&o, &p, "a\r", 2);
	assert_int_equal(admission_finish(p.m, 2, &o.e), -1);
	refused(&o, ERR_PERM, "5.6.0");
	admission_drop(p.m);
	office_close(&o);
}

static void
sizes_must_agree(void **state)
{
	struct parcel p;
	struct office o;

	(void)state;
	office_open(
	    &o, OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nmessage_size_max = 10\n");
	begin_plain(&o, &p, 1);
	data(&o, &p, "12345", 5);
	assert_int_equal(admission_finish(p.m, 4, &o.e), -1);
	refused(&o, ERR_PERM, "5.5.0");
	assert_int_equal(admission_finish(p.m, 6, &o.e), -1);
	data(&o, &p, "67890", 5);
	assert_int_equal(admission_data(p.m, "1", 1, &o.e), -1);
	refused(&o, ERR_PERM, "5.3.4");
	finish(&o, &p, 10);
	assert_int_equal(p.why.class, ERR_NONE);
	begin_plain(&o, &p, 2);
	assert_int_equal(admission_data(p.m, "12345678901", 11, &o.e), -1);
	refused(&o, ERR_PERM, "5.3.4");
	admission_drop(p.m);
	office_close(&o);
}

static void
octets_count_against_the_user(void **state)
{
	char body[900];
	struct parcel p;
	struct office o;

	(void)state;
	office_open(
	    &o, OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_bytes = 1000\n");
	begin_plain(&o, &p, 1);
	data(&o, &p, "12345", 5);
	finish(&o, &p, 5);
	assert_int_equal(p.why.class, ERR_NONE);
	/* The trace counts, since the store holds it. */
	assert_int_equal(limits_check(o.parts.limits, UID, 1000 - 5, &o.e), -1);
	assert_int_equal(limits_check(o.parts.limits, UID, 500, &o.e), 0);
	begin_plain(&o, &p, 2);
	memset(body, 'x', sizeof(body));
	data(&o, &p, body, sizeof(body));
	assert_int_equal(admission_finish(p.m, sizeof(body), &o.e), -1);
	refused(&o, ERR_TEMP, "4.5.3");
	admission_drop(p.m);
	office_close(&o);
}

/* Many at once do not slip past a limit that one would meet. */
static void
limits_count_what_is_on_its_way(void **state)
{
	struct parcel p, q;
	struct office o;

	(void)state;
	office_open(
	    &o, OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_messages = 2\n");
	begin_plain(&o, &p, 1);
	finish(&o, &p, 0);
	begin_plain(&o, &p, 2);
	begin_plain(&o, &q, 3);
	assert_int_equal(admission_finish(p.m, 0, &o.e), 0);
	assert_int_equal(admission_finish(q.m, 0, &o.e), -1);
	refused(&o, ERR_TEMP, "4.5.3");
	admission_drop(q.m);
	office_run(&o);
	assert_int_equal(p.why.class, ERR_NONE);
	assert_int_equal(limits_check(o.parts.limits, UID, 0, &o.e), -1);
	office_close(&o);
}

static void
a_repeat_counts_once(void **state)
{
	struct parcel p;
	struct office o;
	int i;

	(void)state;
	office_open(
	    &o, OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_messages = 2\n");
	for (i = 0; i < 5; i++) {
		begin_plain(&o, &p, 1);
		finish(&o, &p, 0);
		assert_int_equal(p.why.class, ERR_NONE);
	}
	assert_int_equal(limits_check(o.parts.limits, UID, 0, &o.e), 0);
	office_close(&o);
}

static void
a_repeat_yields_the_first_id(void **state)
{
	struct parcel p, again;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	begin_plain(&o, &p, 7);
	finish(&o, &p, 0);
	begin_plain(&o, &again, 7);
	finish(&o, &again, 0);
	assert_int_equal(again.why.class, ERR_NONE);
	assert_true(again.id == p.id);
	/* Side by side in one commit as well. */
	begin_plain(&o, &p, 8);
	begin_plain(&o, &again, 8);
	assert_int_equal(admission_finish(p.m, 0, &o.e), 0);
	assert_int_equal(admission_finish(again.m, 0, &o.e), 0);
	office_run(&o);
	assert_true(p.has_ended && again.has_ended && p.id == again.id);
	/* Another's submission of that number is another. */
	begin_plain(&o, &again, 9);
	finish(&o, &again, 0);
	assert_true(again.id != p.id);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to r@example.com queued\n"
	    "mail <sender@example.com> to r@example.com queued\n"
	    "mail <sender@example.com> to r@example.com queued");
	office_close(&o);
}

/* The caller may go between the end of the body and the commit. */
static void
whoever_does_not_wait_is_served_all_the_same(void **state)
{
	struct parcel p;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	begin_plain(&o, &p, 1);
	assert_int_equal(admission_finish(p.m, 0, &o.e), 0);
	admission_drop(p.m);
	office_run(&o);
	assert_false(p.has_ended);
	assert_string_equal(office_list(&o),
	    "mail <sender@example.com> to r@example.com queued");
	office_close(&o);
}

static void
on_news(void *arg, const char *account)
{
	strlcpy(arg, account, 16);
}

static void
news_come_with_the_commit_of_a_new_message(void **state)
{
	char heard[16] = "none";
	struct parcel p;
	struct office o;

	(void)state;
	office_open(&o, OFFICE_ADMIN "[account shop]\nprovider = smtp\n"
				     "host = 127.0.0.1\ntls = none\n");
	admit_on_news(o.parts.admit, on_news, heard);
	begin_plain(&o, &p, 1);
	assert_string_equal(heard, "none");
	finish(&o, &p, 0);
	assert_string_equal(heard, "shop");
	/* Nothing is due because of a repeat. */
	strlcpy(heard, "none", sizeof(heard));
	begin_plain(&o, &p, 1);
	finish(&o, &p, 0);
	assert_string_equal(heard, "none");
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_message_is_one_commit),
		cmocka_unit_test(the_clock_is_set_meanwhile),
		cmocka_unit_test(all_of_the_envelope_is_kept),
		cmocka_unit_test(bad_envelopes_are_refused),
		cmocka_unit_test(what_may_not_come_in_is_refused_at_once),
		cmocka_unit_test(no_room_on_the_disk_is_told),
		cmocka_unit_test(only_the_canonical_form_is_taken),
		cmocka_unit_test(sizes_must_agree),
		cmocka_unit_test(octets_count_against_the_user),
		cmocka_unit_test(limits_count_what_is_on_its_way),
		cmocka_unit_test(a_repeat_counts_once),
		cmocka_unit_test(a_repeat_yields_the_first_id),
		cmocka_unit_test(whoever_does_not_wait_is_served_all_the_same),
		cmocka_unit_test(news_come_with_the_commit_of_a_new_message),
	};

	return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
