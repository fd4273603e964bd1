/* SPDX-License-Identifier: ISC */
/*
 * The largest notices that there can be: one that did not fit would end the
 * queue process, since the outcome of a delivery could not be stored.
 */
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
#include "queue/bounce.h"
#include "queue/settle.h"
#include "tests/unit/settle_rig.h"

#define TRY  1000 /* account.recipients_per_message, at most */
#define MANY 2500 /* of a message in several tries */

/* n octets of two-octet letters, to end with that text; for free(). */
static char *
letters(size_t n, const char *end)
{
	char *s = xmalloc(n + 1);
	size_t i, len = strlen(end);

	for (i = 0; i + 1 < n - len; i += 2)
		memcpy(s + i, "\xc3\xa4", 2);
	for (; i < n - len; i++)
		s[i] = 'x';
	memcpy(s + i, end, len + 1);
	return s;
}

static uint64_t
post(struct office *o, size_t n)
{
	struct store_message m = { .arrived_at = T0,
		.account = (char[]){ "" },
		.sender = (char[]){ "sender@example.com" } };
	struct store_rcpt r;
	char end[64], *orcpt = letters(SUBMIT_TEXT_MAX, "");
	size_t i;

	memcpy(orcpt, "rfc822;", 7);
	m.id = store_next_id(o->parts.store, (int64_t)T0 * 1000);
	fixture_begin(o->parts.store);
	assert_int_equal(store_message_add(o->parts.store, &m, &o->e), 0);
	for (i = 0; i < n; i++) {
		snprintf(end, sizeof(end), "%04zu@example.com", i);
		memset(&r, 0, sizeof(r));
		r.address = letters(SUBMIT_ADDRESS_MAX, end);
		r.original = letters(SUBMIT_ADDRESS_MAX, "@other.example");
		r.orcpt = orcpt;
		assert_int_equal(
		    store_rcpt_add(o->parts.store, m.id, &r, &o->e), 0);
		free(r.address);
		free(r.original);
	}
	assert_int_equal(
	    store_message_queue(o->parts.store, m.id, T0, &o->e), 0);
	fixture_commit(o->parts.store);
	free(orcpt);
	return m.id;
}

static void
fill(char *text, size_t size)
{
	char *s = letters(size - 1, "");

	strlcpy(text, s, size);
	free(s);
}

static void
the_longest_of_everything_fits(void **state)
{
	struct notice_made made[BOUNCE_MADE_MAX];
	struct office o;
	struct job *j;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	j = settle_try(&o, post(&o, TRY));
	assert_int_equal(j->nrcpts, TRY);
	for (i = 0; i < TRY; i++) {
		settle_answer(j, i, JOB_REJECTED, 550);
		fill(j->results[i].text, sizeof(j->results[i].text));
		fill(j->results[i].meaning, sizeof(j->results[i].meaning));
		fill(j->results[i].fix, sizeof(j->results[i].fix));
	}
	assert_true(settle_end(&o, j, T0 + 5));
	assert_int_equal(bounce_made(o.parts.bounce, made), 1);
	assert_true(made[0].octets > 1024 * 1024);
	office_close(&o);
}

/* Late are all that wait of the message, however many tries they need. */
static void
a_delay_of_more_than_a_notice_holds_is_told(void **state)
{
	struct notice_made made[BOUNCE_MADE_MAX];
	struct office o;
	struct job *j;
	char *path;
	size_t i;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/queue", o.directory);
	j = settle_try(&o, post(&o, MANY));
	for (i = 0; i < j->nrcpts; i++)
		settle_answer(j, i, JOB_DEFERRED, 450);
	fixture_tamper(path,
	    "UPDATE recipient SET attempts = 1, code = 450,"
	    "  text = printf('%.255c', 'ä'), meaning = printf('%.255c', 'ä'),"
	    "  fix = printf('%.511c', 'ä')");
	settle_end(&o, j, T0 + 5 * 3600);
	assert_int_equal(bounce_made(o.parts.bounce, made), 1);
	assert_int_equal(made[0].kind, DSN_DELAYED);
	free(path);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_of_everything_fits),
		cmocka_unit_test(a_delay_of_more_than_a_notice_holds_is_told),
	};

	return cmocka_run_group_tests_name("notice_large", tests, NULL, NULL);
}
