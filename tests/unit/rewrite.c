/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "mail/rewrite.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char alerts[] = "alerts@contoso.com", sales[] = "@sales.contoso.com";
static char full[] = "web01.contoso.com", label[] = "web01";
static char loopback[] = "localhost";
static char *sender_patterns[] = { alerts, sales };
static char *local_domains[] = { full, label, loopback };
static const struct strlist senders = { .v = sender_patterns, .n = 2 };
static const struct strlist locals = { .v = local_domains, .n = 3 };

static struct rewrite_rules
make_rules(enum rewrite_mode mode)
{
	struct rewrite_rules r = {
		.user = "alerts@contoso.com",
		.senders = &senders,
		.mode = mode,
		.original_from = true,
		.local_names = &locals,
		.hostname = "web01.contoso.com",
		.domain = "contoso.com",
	};

	return r;
}

/* The header after rewriting, unfolded: "Name: value" and a "|". */
static char *
rewrite(const struct rewrite_rules *r, const char *text)
{
	struct header h = { 0 };
	struct buf b;
	size_t i;
	bool changed;

	header_parse(text, strlen(text), &h);
	changed = rewrite_header(r, &h);
	buf_init(&b, 100000);
	buf_puts(&b, changed ? "" : "(same)");
	for (i = 0; i < h.n; i++)
		buf_printf(&b, "%s: %s|", h.v[i].name, h.v[i].value);
	header_clear(&h);
	return buf_steal(&b);
}

struct rewriting {
	const char *before, *after;
};

static void
assert_rewritings(
    const struct rewrite_rules *r, const struct rewriting *t, size_t n)
{
	size_t i;
	char *got;

	for (i = 0; i < n; i++) {
		got = rewrite(r, t[i].before);
		if (strcmp(got, t[i].after) != 0)
			fail_msg("[%s]\n want [%s]\n got  [%s]", t[i].before,
			    t[i].after, got);
		free(got);
	}
}

static void
a_permitted_sender_goes_untouched(void **state)
{
	static const struct rewriting cases[] = {
		{ "From: alerts@contoso.com\r\nSender: x@y.example\r\n",
		    "(same)From: alerts@contoso.com|Sender: x@y.example|" },
		{ "From: \"A, B\" <Alerts@Contoso.com> (c)\r\n",
		    "(same)From: \"A, B\" <Alerts@Contoso.com> (c)|" },
		{ "FROM : =?utf-8?Q?M=C3=BCller?=\r\n "
		  "<m@sales.contoso.com>\r\n",
		    "(same)FROM: =?utf-8?Q?M=C3=BCller?= "
		    "<m@sales.contoso.com>|" },
		/* a bare name becomes alerts@contoso.com, in its place */
		{ "From: alerts (Alarms)\r\n",
		    "From: alerts@contoso.com (Alarms)|" },
		{ "From: A <alerts>\r\n", "From: A <alerts@contoso.com>|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	assert_rewritings(&r, cases, COUNT(cases));
}

static void
others_become_a_name_for_the_account(void **state)
{
	static const struct rewriting cases[] = {
		{ "From: root (Cron Daemon)\r\nTo: x\r\n",
		    "From: \"Cron Daemon (root@web01)\" <alerts@contoso.com>|"
		    "To: x|X-Original-From: root (Cron Daemon)|" },
		{ "From: \"(Cron Daemon)\" <root>\r\n",
		    "From: \"(Cron Daemon) (root@web01)\" "
		    "<alerts@contoso.com>|"
		    "X-Original-From: \"(Cron Daemon)\" <root>|" },
		{ "From: root@web01.contoso.com\r\n",
		    "From: \"root@web01\" <alerts@contoso.com>|"
		    "X-Original-From: root@web01.contoso.com|" },
		{ "From: Bob <bob@example.com>\r\nSender: s@x\r\n",
		    "From: \"Bob (bob@example.com)\" <alerts@contoso.com>|"
		    "Reply-To: Bob <bob@example.com>|"
		    "X-Original-From: Bob <bob@example.com>|" },
		{ "From: \"Smith, \\\"Bob\\\"\" <bob@example.com>\r\n"
		  "Reply-To: z@example.com\r\n",
		    "From: \"Smith, \\\"Bob\\\" (bob@example.com)\" "
		    "<alerts@contoso.com>|Reply-To: z@example.com|"
		    "X-Original-From: \"Smith, \\\"Bob\\\"\" "
		    "<bob@example.com>|" },
		{ "From: =?utf-8?Q?M=C3=BCller?= <m@example.com>\r\n"
		  "Reply-To:\r\n",
		    "From: =?utf-8?Q?M=C3=BCller?= \"(m@example.com)\" "
		    "<alerts@contoso.com>|"
		    "Reply-To: =?utf-8?Q?M=C3=BCller?= <m@example.com>|"
		    "X-Original-From: =?utf-8?Q?M=C3=BCller?= "
		    "<m@example.com>|" },
		{ "From: M\xc3\xbcller <m@example.com>\r\nReply-To: z@y.z\r\n",
		    "From: =?UTF-8?Q?M=C3=BCller_=28m=40example=2Ecom=29?= "
		    "<alerts@contoso.com>|Reply-To: z@y.z|"
		    "X-Original-From: "
		    "=?UTF-8?Q?M=C3=BCller_=3Cm=40example=2Ecom=3E?=|" },
		{ "From: \"bob@example.com\" <bob@example.com>\r\n"
		  "Reply-To: z@y.z\r\nX-Original-From: forged\r\n",
		    "From: \"bob@example.com\" <alerts@contoso.com>|"
		    "Reply-To: z@y.z|X-Original-From: "
		    "\"bob@example.com\" <bob@example.com>|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	assert_rewritings(&r, cases, COUNT(cases));
}

/* It was bare when it came: that its domain was added makes nobody of it. */
static void
a_user_of_this_host_stays_one(void **state)
{
	static const struct rewriting cases[] = {
		{ "From: root@contoso.com (Cron Daemon)\r\n",
		    "From: \"Cron Daemon (root@web01)\" "
		    "<alerts@contoso.com>|"
		    "X-Original-From: root@contoso.com (Cron Daemon)|" },
		/* The others are what they are. */
		{ "From: root@contoso.com, B <bob@example.com>\r\n",
		    "From: \"root@web01\" <alerts@contoso.com>|"
		    "Reply-To: B <bob@example.com>|"
		    "X-Original-From: root@contoso.com, B "
		    "<bob@example.com>|" },
		{ "From: alerts@contoso.com (Alarms)\r\n",
		    "(same)From: alerts@contoso.com (Alarms)|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	r.from_is_local = true;
	assert_rewritings(&r, cases, COUNT(cases));
}

static void
names_of_every_form(void **state)
{
	static const struct rewriting cases[] = {
		{ "From: (Cron Daemon) root@web01\r\n",
		    "From: \"Cron Daemon (root@web01)\" "
		    "<alerts@contoso.com>|"
		    "X-Original-From: (Cron Daemon) root@web01|" },
		{ "From: root (=?utf-8?B?TcO8bGxlcg==?=)\r\n",
		    "From: =?utf-8?B?TcO8bGxlcg==?= \"(root@web01)\" "
		    "<alerts@contoso.com>|"
		    "X-Original-From: root (=?utf-8?B?TcO8bGxlcg==?=)|" },
		{ "From: M\xfcller <root>\r\n",
		    "From: "
		    "=?ISO-8859-1?Q?M=FCller_=28root=40web01=29?= "
		    "<alerts@contoso.com>|"
		    "X-Original-From: =?ISO-8859-1?Q?M=FCller_=3Croot=3E?=|" },
		{ "From: Joe\r\n\tSmith\r\n <joe@localhost>\r\n (home)\r\n"
		  "Sender: a@x\r\nSender: b@x\r\n",
		    "From: \"Joe Smith (joe@web01)\" <alerts@contoso.com>|"
		    "X-Original-From: Joe Smith <joe@localhost> (home)|" },
		{ "From: Team: a@x.example, b@web01;\r\nReply-To: r\r\n",
		    "From: \"a@x.example\" <alerts@contoso.com>|Reply-To: r|"
		    "X-Original-From: Team: a@x.example, b@web01;|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	assert_rewritings(&r, cases, COUNT(cases));
}

/* The address counts, wherever else the account's may be written. */
static void
nobody_passes_for_the_account(void **state)
{
	static const char *const others[] = {
		"alerts@contoso.com <joe@evil.example>",
		"joe@evil.example (alerts@contoso.com)",
		"\"alerts@contoso.com\"@evil.example",
		"<@contoso.com:joe@evil.example>",
		"alerts@contoso.com.evil.example",
		"x@sub.sales.contoso.com",
		"alerts@contoso.com@evil.example",
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);
	char *text, *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(others); i++) {
		text = xasprintf("From: %s\r\n", others[i]);
		got = rewrite(&r, text);
		if (strstr(got, "X-Original-From: ") == NULL ||
		    strstr(got, " <alerts@contoso.com>|") == NULL)
			fail_msg("%s: %s", others[i], got);
		free(got);
		free(text);
	}
}

static void
answers_go_only_where_they_can_arrive(void **state)
{
	static const char *const unreachable[] = { "root", "root@web01",
		"root@localhost", "root@WEB01.contoso.com", "a@b",
		"a@host.local", "a@host.LocalDomain", "a@db.internal",
		"a@[192.0.2.1]", "a..b@example.com" };
	struct rewrite_rules r = make_rules(REWRITE_AUTO);
	char *text, *got;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(unreachable); i++) {
		text = xasprintf("From: %s\r\n", unreachable[i]);
		got = rewrite(&r, text);
		if (strstr(got, "Reply-To") != NULL)
			fail_msg("%s: %s", unreachable[i], got);
		assert_non_null(strstr(got, "<alerts@contoso.com>"));
		free(got);
		free(text);
	}
}

static void
a_broken_from_still_gives_a_good_one(void **state)
{
	static const struct rewriting cases[] = {
		{ "To: x\r\n", "To: x|From: alerts@contoso.com|" },
		{ "From:\r\n", "From: alerts@contoso.com|" },
		{ "From: <>\r\n",
		    "From: \"<>\" <alerts@contoso.com>|X-Original-From: <>|" },
		{ "From: root@host (Cron Daemon\r\n",
		    "From: \"root@host (Cron Daemon\" <alerts@contoso.com>|"
		    "X-Original-From: root@host (Cron Daemon|" },
		{ "From: \"Joe <joe@x>\r\n",
		    "From: \"\\\"Joe <joe@x>\" <alerts@contoso.com>|"
		    "X-Original-From: \"Joe <joe@x>|" },
		{ "From: Nagios Monitor\r\n",
		    "From: Nagios Monitor <alerts@contoso.com>|"
		    "X-Original-From: Nagios Monitor|" },
		{ "From: undisclosed:;\r\n",
		    "From: \"undisclosed:;\" <alerts@contoso.com>|"
		    "X-Original-From: undisclosed:;|" },
		/* several: the first speaks, all that can be are answered */
		{ "From: a@x.example, B <b@y.example>\r\n",
		    "From: \"a@x.example\" <alerts@contoso.com>|"
		    "Reply-To: a@x.example, B <b@y.example>|"
		    "X-Original-From: a@x.example, B <b@y.example>|" },
		{ "From: root\r\nTo: x\r\nfrom: b@y.example\r\n",
		    "To: x|From: \"root@web01\" <alerts@contoso.com>|"
		    "Reply-To: b@y.example|"
		    "X-Original-From: root, b@y.example|" },
		{ "From: A <alerts@contoso.com>, b@y.example\r\n",
		    "From: A <alerts@contoso.com>|"
		    "X-Original-From: A <alerts@contoso.com>, b@y.example|" },
		{ "From: alerts@contoso.com\r\nFrom: alerts@contoso.com\r\n",
		    "From: alerts@contoso.com|X-Original-From: "
		    "alerts@contoso.com, alerts@contoso.com|" },
		{ "From: team: alerts@contoso.com;\r\n",
		    "From: alerts@contoso.com|"
		    "X-Original-From: team: alerts@contoso.com;|" },
		{ "From: team: alerts@contoso.com\r\n",
		    "From: alerts@contoso.com|"
		    "X-Original-From: team: alerts@contoso.com|" },
		{ "From: alerts@contoso.com, \"x\r\n",
		    "From: alerts@contoso.com|"
		    "X-Original-From: alerts@contoso.com, \"x|" },
		/* a permitted one behind another does not make that good */
		{ "From: bob@example.com, alerts@contoso.com\r\n",
		    "From: \"bob@example.com\" <alerts@contoso.com>|"
		    "Reply-To: bob@example.com, alerts@contoso.com|"
		    "X-Original-From: bob@example.com, alerts@contoso.com|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	assert_rewritings(&r, cases, COUNT(cases));
}

static void
modes(void **state)
{
	static const struct rewriting always[] = {
		{ "From: B <b@sales.contoso.com>\r\n",
		    "From: \"B (b@sales.contoso.com)\" <alerts@contoso.com>|"
		    "Reply-To: B <b@sales.contoso.com>|"
		    "X-Original-From: B <b@sales.contoso.com>|" },
		{ "From: A <alerts@contoso.com>\r\n",
		    "(same)From: A <alerts@contoso.com>|" },
	};
	static const struct rewriting never[] = {
		{ "From: root\r\nSender: x\r\n",
		    "(same)From: root|Sender: x|" },
		{ "To: x\r\n", "(same)To: x|" },
	};
	static const struct rewriting quiet[] = {
		{ "From: root\r\n",
		    "From: \"root@web01\" <alerts@contoso.com>|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_ALWAYS);

	(void)state;
	assert_rewritings(&r, always, COUNT(always));
	r.mode = REWRITE_NEVER;
	assert_rewritings(&r, never, COUNT(never));
	r.mode = REWRITE_AUTO;
	r.original_from = false;
	assert_rewritings(&r, quiet, COUNT(quiet));
	r.user = NULL;
	assert_rewritings(&r, never, COUNT(never));
}

static void
hosts_without_a_name_or_a_domain(void **state)
{
	static const struct rewriting literal[] = {
		{ "From: root\r\n",
		    "From: \"root@[192.0.2.1]\" <alerts@contoso.com>|"
		    "X-Original-From: root|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	r.hostname = "[192.0.2.1]";
	assert_rewritings(&r, literal, COUNT(literal));
	r.domain = NULL;
	assert_rewritings(&r, literal, COUNT(literal));
	r.domain = "";
	assert_rewritings(&r, literal, COUNT(literal));
}

static void
a_hostile_from_stays_small(void **state)
{
	struct rewrite_rules r = make_rules(REWRITE_AUTO);
	static const char *const pieces[] = { "x", "\xc3\xbc", "\"", "a@b.c,",
		"\\\"", "=?x?Q?y?= ", "<a@b.c>", "\x1b" };
	size_t n = 200000, i, k;
	char *text = xmalloc(n + 8), *got;

	(void)state;
	for (i = 0; i < COUNT(pieces); i++) {
		memcpy(text, "From: ", 6);
		for (k = 6; k < n; k++)
			text[k] = pieces[i][(k - 6) % strlen(pieces[i])];
		memcpy(text + n, "\r\n", 3);
		got = rewrite(&r, text);
		assert_non_null(strstr(got, "<alerts@contoso.com>"));
		assert_null(strpbrk(got, "\x1b\r\n"));
		assert_true(strlen(got) < 8000);
		free(got);
	}
	free(text);
}

/* What had the null sender says so, to answerers and to us. */
static void
automatic_mail_is_marked(void **state)
{
	static const struct rewriting cases[] = {
		{ "From: alerts@contoso.com\r\n",
		    "From: alerts@contoso.com|Auto-Submitted: auto-generated|"
		    "X-Mailchute-Notice: automatic|" },
		{ "From: alerts@contoso.com\r\nAuto-Submitted: "
		  "auto-replied\r\n",
		    "From: alerts@contoso.com|Auto-Submitted: auto-replied|"
		    "X-Mailchute-Notice: automatic|" },
		/* Its answers still go to whom it is from. */
		{ "From: bob@example.com\r\n",
		    "From: \"bob@example.com\" <alerts@contoso.com>|"
		    "Auto-Submitted: auto-generated|X-Mailchute-Notice: "
		    "automatic|Reply-To: bob@example.com|"
		    "X-Original-From: bob@example.com|" },
		/* A notice of ours has all that, and no mailbox to answer. */
		{ "From: Mail Delivery System <MAILER-DAEMON@contoso.com>\r\n"
		  "Auto-Submitted: auto-replied\r\nX-Mailchute-Notice: "
		  "failed\r\n",
		    "From: \"Mail Delivery System "
		    "(MAILER-DAEMON@contoso.com)\" "
		    "<alerts@contoso.com>|Auto-Submitted: auto-replied|"
		    "X-Mailchute-Notice: failed|X-Original-From: Mail Delivery "
		    "System <MAILER-DAEMON@contoso.com>|" },
	};
	struct rewrite_rules r = make_rules(REWRITE_AUTO);

	(void)state;
	r.is_automatic = true;
	assert_rewritings(&r, cases, COUNT(cases));
	/* Where the null sender itself goes out, that says it all. */
	r.null_sender_ok = true;
	assert_rewritings(&r,
	    (const struct rewriting[]){ { "From: alerts@contoso.com\r\n",
		"(same)From: alerts@contoso.com|" } },
	    1);
	r.null_sender_ok = false;
	r.mode = REWRITE_NEVER;
	assert_rewritings(&r, cases, 2);
}

static void
envelope_senders(void **state)
{
	static const struct {
		enum rewrite_mode mode;
		bool null_ok;
		const char *before, *after;
	} cases[] = {
		{ REWRITE_AUTO, false, "bob@example.com",
		    "alerts@contoso.com" },
		{ REWRITE_AUTO, false, "x@sales.contoso.com",
		    "x@sales.contoso.com" },
		{ REWRITE_AUTO, false, "alerts", "alerts@contoso.com" },
		{ REWRITE_AUTO, false, "root", "alerts@contoso.com" },
		{ REWRITE_AUTO, false, "", "alerts@contoso.com" },
		{ REWRITE_AUTO, true, "", "" },
		{ REWRITE_ALWAYS, true, "", "" },
		{ REWRITE_ALWAYS, false, "x@sales.contoso.com",
		    "alerts@contoso.com" },
		{ REWRITE_NEVER, false, "bob@example.com", "bob@example.com" },
		{ REWRITE_NEVER, false, "root", "root@contoso.com" },
		{ REWRITE_NEVER, false, "", "alerts@contoso.com" },
	};
	struct rewrite_rules r;
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		r = make_rules(cases[i].mode);
		r.null_sender_ok = cases[i].null_ok;
		got = rewrite_sender(&r, cases[i].before);
		assert_string_equal(got, cases[i].after);
		free(got);
	}
	r.user = NULL;
	got = rewrite_sender(&r, "");
	assert_string_equal(got, "");
	free(got);
	got = rewrite_sender(&r, "bob@example.com");
	assert_string_equal(got, "bob@example.com");
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_permitted_sender_goes_untouched),
		cmocka_unit_test(others_become_a_name_for_the_account),
		cmocka_unit_test(a_user_of_this_host_stays_one),
		cmocka_unit_test(names_of_every_form),
		cmocka_unit_test(nobody_passes_for_the_account),
		cmocka_unit_test(answers_go_only_where_they_can_arrive),
		cmocka_unit_test(a_broken_from_still_gives_a_good_one),
		cmocka_unit_test(modes),
		cmocka_unit_test(hosts_without_a_name_or_a_domain),
		cmocka_unit_test(a_hostile_from_stays_small),
		cmocka_unit_test(automatic_mail_is_marked),
		cmocka_unit_test(envelope_senders),
	};

	return cmocka_run_group_tests_name("rewrite", tests, NULL, NULL);
}
