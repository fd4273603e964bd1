/* SPDX-License-Identifier: ISC */
/* Who gets a message, who sends it, and who calls. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "mail/recipients.h"
#include "mail/sender.h"
#include "common/sysexit.h"

#define LISTS 4

static const struct {
	const char *lists[LISTS]; /* arguments, or values of fields */
	const char *taken;        /* "!" marks the local ones */
	size_t bad;
	int status; /* of recipients_check */
} cases[] = {
	{ { "bob@example.com" }, "bob@example.com", 0, 0 },
	{ { "root" }, "!root", 0, 0 },
	{ { "a@x.y,b@x.y", "c@x.y" }, "a@x.y b@x.y c@x.y", 0, 0 },
	{ { "a@x.y b@x.y" }, "a@x.y b@x.y", 0, 0 },
	{ { "a@x.y; b@x.y" }, "a@x.y b@x.y", 0, 0 },
	{ { "Name <n@x.y>" }, "n@x.y", 0, 0 },
	{ { "<@r.example:u@x.y>" }, "u@x.y", 0, 0 },
	{ { "\"john doe\"@x.y" }, "\"john doe\"@x.y", 0, 0 },
	{ { "Friends: a@x.y, b@x.y;, c@x.y" }, "a@x.y b@x.y c@x.y", 0, 0 },
	{ { "", "bob@x.y" }, "bob@x.y", 0, 0 },
	{ { ",,a@x.y,," }, "a@x.y", 0, 0 },
	{ { "undisclosed-recipients:;", "b@x.y" }, "b@x.y", 0, 0 },
	/* each once */
	{ { "a@x.y", "a@x.y" }, "a@x.y", 0, 0 },
	{ { "a@x.y", "A@X.Y", "b@x.y" }, "a@x.y b@x.y", 0, 0 },
	{ { "root,ROOT", "root" }, "!root", 0, 0 },
	{ { "root", "root@x.y" }, "!root root@x.y", 0, 0 },
	/* good ones among bad */
	{ { "a@x.y, bad@@, c@x.y" }, "a@x.y c@x.y", 1, 0 },
	{ { "a@x.y", "|/bin/sh", "/etc/passwd", ":include:/x" }, "a@x.y", 3,
	    0 },
	{ { "a@x.y", "@x.y" }, "a@x.y", 1, 0 },
	{ { "a@x.y", "b@x..y" }, "a@x.y", 1, 0 },
	/* nobody */
	{ { NULL }, "", 0, 64 },
	{ { "" }, "", 0, 64 },
	{ { " , ;" }, "", 0, 64 },
	{ { "group:;" }, "", 0, 64 },
	/* nobody well-formed */
	{ { "bad@@" }, "", 1, 65 },
	{ { "|cmd" }, "", 1, 65 },
	{ { "a@b@c", "-@" }, "", 2, 65 },
};

static char *
taken(const struct envelope *env)
{
	struct buf b;
	size_t i;

	buf_init(&b, 65536);
	for (i = 0; i < env->nrcpts; i++)
		buf_printf(&b, "%s%s%s", i == 0 ? "" : " ",
		    env->rcpts[i].is_local ? "!" : "", env->rcpts[i].address);
	return buf_steal(&b);
}

static void
lists(void **state)
{
	struct recipients r;
	struct envelope env;
	struct err e;
	size_t i, j;
	char *got;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		envelope_init(&env);
		recipients_init(&r, &env, NOTIFY_NEVER);
		for (j = 0; j < LISTS && cases[i].lists[j] != NULL; j++)
			assert_int_equal(
			    recipients_add(&r, cases[i].lists[j], &e), 0);
		got = taken(&env);
		if (strcmp(got, cases[i].taken) != 0 || r.bad.n != cases[i].bad)
			fail_msg("case %zu: %s and %zu bad, expected %s and "
				 "%zu",
			    i, got, r.bad.n, cases[i].taken, cases[i].bad);
		rc = recipients_check(&r, &e);
		if ((rc == 0 ? 0 : sysexit_of(&e)) != cases[i].status)
			fail_msg("case %zu: %s", i, e.text);
		for (j = 0; j < env.nrcpts; j++)
			assert_int_equal(env.rcpts[j].notify, NOTIFY_NEVER);
		free(got);
		recipients_clear(&r);
		envelope_clear(&env);
	}
}

/* Enough for the table to grow many times, each address twice. */
static void
a_long_list_has_no_doubles(void **state)
{
	struct recipients r;
	struct envelope env;
	struct err e;
	char address[64];
	size_t i;

	(void)state;
	envelope_init(&env);
	recipients_init(&r, &env, 0);
	for (i = 0; i < 20000; i++) {
		snprintf(address, sizeof(address), "%s%zu@x.y",
		    i < 10000 ? "user" : "USER", i % 10000);
		assert_int_equal(recipients_add(&r, address, &e), 0);
	}
	assert_int_equal(env.nrcpts, 10000);
	assert_string_equal(env.rcpts[9999].address, "user9999@x.y");
	recipients_clear(&r);
	envelope_clear(&env);
}

/*
 * Who chooses the addresses must not choose where they lie in the table: each
 * message has an order of its own.
 */
static void
nobody_knows_the_order_of_the_table(void **state)
{
	struct recipients r[2];
	struct envelope env[2];
	struct err e;
	char address[64];
	size_t i, j;

	(void)state;
	for (i = 0; i < 2; i++) {
		envelope_init(&env[i]);
		recipients_init(&r[i], &env[i], 0);
		for (j = 0; j < 1000; j++) {
			snprintf(address, sizeof(address), "u%zu@x.y", j);
			assert_int_equal(recipients_add(&r[i], address, &e), 0);
		}
	}
	assert_int_equal(r[0].nslots, r[1].nslots);
	assert_memory_not_equal(
	    r[0].slots, r[1].slots, r[0].nslots * sizeof(*r[0].slots));
	for (i = 0; i < 2; i++) {
		recipients_clear(&r[i]);
		envelope_clear(&env[i]);
	}
}

static void
too_many_are_refused(void **state)
{
	struct recipients r;
	struct envelope env;
	struct err e;
	char address[64];
	size_t i;
	int rc = 0;

	(void)state;
	envelope_init(&env);
	recipients_init(&r, &env, 0);
	for (i = 0; i <= SUBMIT_RCPTS_MAX && rc == 0; i++) {
		snprintf(address, sizeof(address), "u%zu@x.y", i);
		rc = recipients_add(&r, address, &e);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(env.nrcpts, SUBMIT_RCPTS_MAX);
	assert_int_equal(sysexit_of(&e), 65);
	/* one that is there already is no one more */
	assert_int_equal(recipients_add(&r, "u7@x.y", &e), 0);
	recipients_clear(&r);
	envelope_clear(&env);
}

static void
what_is_no_address_is_cut(void **state)
{
	struct recipients r;
	struct envelope env;
	struct err e;
	char *junk = xmalloc(100000);

	(void)state;
	memset(junk, '@', 99999);
	junk[99999] = '\0';
	envelope_init(&env);
	recipients_init(&r, &env, 0);
	assert_int_equal(recipients_add(&r, junk, &e), 0);
	assert_int_equal(r.bad.n, 1);
	assert_true(strlen(r.bad.v[0]) < 1000);
	free(junk);
	recipients_clear(&r);
	envelope_clear(&env);
}

/* -n: what is local is marked as no alias. */
static void
names_that_are_no_aliases(void **state)
{
	struct strlist local = { NULL, 0 };
	struct envelope env;
	struct recipients r;
	struct err e;

	(void)state;
	strlist_add(&local, "localhost");
	envelope_init(&env);
	recipients_init(&r, &env, 0);
	r.final = &local;
	assert_int_equal(recipients_add(&r,
			     "root, root@LOCALHOST, ops@localhost, "
			     "root@example.com, \\root",
			     &e),
	    0);
	assert_int_equal(env.nrcpts, 3);
	assert_string_equal(env.rcpts[0].address, "\\root");
	assert_string_equal(env.rcpts[1].address, "\\ops");
	assert_true(env.rcpts[1].is_local);
	assert_string_equal(env.rcpts[2].address, "root@example.com");
	recipients_clear(&r);
	envelope_clear(&env);
	strlist_clear(&local);
}

/* ---- the sender ------------------------------------------------------------
 */

static const struct {
	const char *given;
	const char *sender; /* NULL: refused */
	bool is_local;
} senders[] = {
	{ "a@x.y", "a@x.y", false },
	{ "<a@x.y>", "a@x.y", false },
	{ "Name <a@x.y>", "a@x.y", false },
	{ "user", "user", true },
	{ "", "", false },
	{ "<>", "", false },
	{ " <> ", "", false },
	{ " ", "", false },
	{ "a@x.y, b@x.y", NULL, false },
	{ "a b@x.y", NULL, false },
	{ "a@@x.y", NULL, false },
	{ "a@x.y\n", NULL, false },
	{ "a@x.y\r\nRCPT TO:<b@x.y>", NULL, false },
	{ "a\t@x.y", NULL, false },
	{ "\177@x.y", NULL, false },
	{ "|cmd", NULL, false },
	{ "<", NULL, false },
};

static void
senders_given_by_f(void **state)
{
	struct identity caller;
	struct envelope env;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	identity_init(&caller);
	for (i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
		envelope_init(&env);
		rc = sender_settle(&env, senders[i].given, &caller, &e);
		if ((rc == 0) != (senders[i].sender != NULL))
			fail_msg("\"%s\": %s", senders[i].given,
			    rc == 0 ? env.sender : e.text);
		if (rc == 0) {
			assert_string_equal(env.sender, senders[i].sender);
			assert_true(env.sender_is_local == senders[i].is_local);
		} else {
			assert_int_equal(sysexit_of(&e), 65);
		}
		/* the name service was left alone */
		assert_null(caller.login);
		envelope_clear(&env);
	}
}

static void
the_caller_is_the_sender(void **state)
{
	struct identity caller;
	struct envelope env;
	struct err e;

	(void)state;
	identity_init(&caller);
	identity_set(&caller, 1000, "alice", "", NULL);
	envelope_init(&env);
	assert_int_equal(sender_settle(&env, NULL, &caller, &e), 0);
	assert_string_equal(env.sender, "alice");
	assert_true(env.sender_is_local);
	envelope_clear(&env);
	identity_clear(&caller);
}

/* ---- the caller
 * -------------------------------------------------------------- */

static void
callers(void **state)
{
	static const struct {
		const char *login, *gecos, *name;
		const char *as_login, *as_name;
	} table[] = {
		{ "alice", "Alice Smith,Room 1,,", NULL, "alice",
		    "Alice Smith" },
		{ "alice", "& Smith", NULL, "alice", "Alice Smith" },
		{ "alice", "Alice", "Mallory", "alice", "Alice" },
		{ "alice", "", "Bob", "alice", "Bob" },
		{ "alice", ",Room 1", "Bob", "alice", "Bob" },
		{ "alice", "Alice", "", "alice", "Alice" },
		{ "alice", "", NULL, "alice", "" },
		{ NULL, NULL, NULL, "uid1234", "" },
		{ NULL, NULL, "Bob", "uid1234", "Bob" },
		{ "DOM\\alice b", "Alice", NULL, "uid1234", "Alice" },
		{ "alice@ad.example", "Alice", NULL, "uid1234", "Alice" },
		{ "", "Alice", NULL, "uid1234", "Alice" },
	};
	struct identity id;
	size_t i;

	(void)state;
	identity_init(&id);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		identity_set(
		    &id, 1234, table[i].login, table[i].gecos, table[i].name);
		if (strcmp(id.login, table[i].as_login) != 0 ||
		    strcmp(id.full_name, table[i].as_name) != 0)
			fail_msg("case %zu: %s, %s", i, id.login, id.full_name);
	}
	identity_clear(&id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_are_no_aliases),
		cmocka_unit_test(lists),
		cmocka_unit_test(a_long_list_has_no_doubles),
		cmocka_unit_test(nobody_knows_the_order_of_the_table),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(what_is_no_address_is_cut),
		cmocka_unit_test(senders_given_by_f),
		cmocka_unit_test(the_caller_is_the_sender),
		cmocka_unit_test(callers),
	};

	return cmocka_run_group_tests_name("recipients", tests, NULL, NULL);
}
