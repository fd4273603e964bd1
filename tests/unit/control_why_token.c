/* SPDX-License-Identifier: ISC */
/* Mail that waits for an access token, beside the causes of control_why.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/control_priv.h"
#include "tests/unit/token_rig.h"

/* What a listing would show of the message's one recipient. */
static void
explain(uint64_t id, struct ctl_recipient *out)
{
	const struct control_parts cp = { .conf = rig.o.conf,
		.times = &rig.o.parts.times,
		.store = rig.o.parts.store,
		.dispatch = rig.o.parts.dispatch,
		.is_daemon = true };
	const struct client c = { .parts = &cp, .may_all = true };
	struct store_message m = { 0 };
	struct store_rcpt *v;
	size_t n;

	memset(out, 0, sizeof(*out));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	assert_int_equal(
	    store_rcpts_get(rig.o.parts.store, id, &v, &n, &rig.o.e), 0);
	assert_int_equal(n, 1);
	client_explain(&c, &m, v, out);
	store_rcpt_clear(v);
	free(v);
	store_message_clear(&m);
}

static void
it_says_that_a_token_is_asked_for(void **state)
{
	struct ctl_recipient r;
	struct deliver t;
	uint64_t id;

	(void)state;
	rig_up(APP);
	id = post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	explain(id, &r);
	assert_string_equal(r.text, "not tried yet");
	assert_non_null(strstr(r.meaning, "asking for an access token"));
	ctl_recipient_clear(&r);
	hears_ask(&t);
	fails(&t, TOKEN_LATER, 600);
	explain(id, &r);
	assert_string_equal(r.text, "AADSTS7000222: over");
	assert_string_equal(r.meaning, "The client secret is over.");
	assert_string_equal(r.fix, "Make a new one.");
	assert_true(r.next_at > rig.now);
	ctl_recipient_clear(&r);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_that_a_token_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
