/* SPDX-License-Identifier: ISC */
/* More accounts with mail than there may be connections. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define MORE     3 /* accounts beyond one connection each */
#define ACCOUNTS (DISPATCH_CONNECTIONS + MORE)

static struct deliver d[ACCOUNTS];

/* Each with a mailbox of its own, and as many connections as it likes. */
static void
open_office(unsigned accounts)
{
	struct buf b;
	unsigned i;

	buf_init(&b, 1024 * 1024);
	buf_puts(&b, OFFICE_ADMIN);
	for (i = 0; i < accounts; i++) {
		if (i == 0)
			buf_puts(&b, "[account]\n");
		else
			buf_printf(&b,
			    "[account a%u]\nsenders = @a%u.example\n", i, i);
		buf_printf(&b,
		    "provider = smtp\nhost = 127.0.0.1\ntls = implicit\n"
		    "password_file = pw\nconnections = 3\nrate = none\n"
		    "user = u%u@contoso.com\n",
		    i);
	}
	rig_up(buf_data(&b));
	buf_clear(&b);
}

static void
post_by(unsigned account, unsigned n)
{
	char *name = account == 0 ? xstrdup("") : xasprintf("a%u", account);

	for (; n > 0; n--)
		office_post(&rig.o, (struct office_mail){ .account = name,
					.to = { "a@example.com" },
					.at = rig.now });
	free(name);
}

/* It was asked for, for that account. */
static void
started(unsigned i, uint32_t account)
{
	assert_int_equal(asked(ASK_DELIVER).account, account);
	hears(&d[i], JOB_SESSION);
}

static void
kick_one(unsigned account)
{
	char *name = account == 0 ? xstrdup("") : xasprintf("a%u", account);

	dispatch_kick(rig.o.parts.dispatch, name);
	free(name);
}

static bool
backs_off(unsigned account)
{
	return strcmp(view(account).state, "backoff") == 0;
}

/* Its message is sent, and it makes room for whom the parent hears of next. */
static void
gives_its_place(unsigned i, unsigned to, uint32_t account)
{
	says_ready(&d[i]);
	takes_one(&d[i]);
	hears(&d[i], JOB_QUIT);
	will_start(&d[to]);
	says_closed(&d[i], JOB_UNTRIED);
	started(to, account);
	not_asked();
}

/* The places that become free are for nobody. */
static void
end(void)
{
	unsigned i;

	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	for (i = 0; i < ACCOUNTS; i++)
		hangs_up(&d[i]);
	rig_down();
}

/* That there is no place for it is no failure of an account. */
static void
they_take_turns(void **state)
{
	unsigned i;

	(void)state;
	open_office(ACCOUNTS);
	for (i = 0; i < ACCOUNTS; i++)
		post_by(i, 2);
	for (i = 0; i < ACCOUNTS; i++) {
		if (i < DISPATCH_CONNECTIONS)
			will_start(&d[i]);
		kick_one(i);
		if (i < DISPATCH_CONNECTIONS)
			started(i, i);
		not_asked();
		assert_false(backs_off(i));
	}
	/* three wait; of the others one after the other makes room */
	gives_its_place(0, 64, 64);
	gives_its_place(1, 65, 65);
	gives_its_place(2, 66, 66);
	/* and those that did wait for their turn again, and have it */
	gives_its_place(3, 0, 0);
	gives_its_place(4, 1, 1);
	gives_its_place(5, 2, 2);
	gives_its_place(6, 3, 3);
	end();
}

/* One that has many connections gives one up for an account without any. */
static void
who_has_most_gives_first(void **state)
{
	const unsigned n = DISPATCH_CONNECTIONS - 1;
	unsigned i;

	(void)state;
	open_office(ACCOUNTS);
	for (i = 0; i < n; i++) {
		post_by(i, i == 7 ? 9 : 2);
		will_start(&d[i]);
		kick_one(i);
		started(i, i);
	}
	/* the second connection of the eighth is the last place */
	says_ready(&d[7]);
	will_start(&d[n]);
	takes_one(&d[7]);
	hears_message(&d[7]);
	started(n, 7);
	not_asked();
	post_by(n, 1);
	kick_one(n);
	not_asked();
	/* of the two that it has, the one that is free first */
	says_ready(&d[n]);
	takes_one(&d[n]);
	hears(&d[n], JOB_QUIT);
	will_start(&d[n + 1]);
	says_closed(&d[n], JOB_UNTRIED);
	started(n + 1, n);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_take_turns),
		cmocka_unit_test(who_has_most_gives_first),
	};

	return cmocka_run_group_tests_name("dispatch_many", tests, NULL, NULL);
}
