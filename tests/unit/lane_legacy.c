/* SPDX-License-Identifier: ISC */
/* By which endpoint a lane's mail goes, and what of that is on disk. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "queue/batch.h"
#include "queue/dispatch.h"
#include "queue/legacy.h"
#include "tests/unit/dispatch_rig.h"

#define MAIL \
	OFFICE_ADMIN \
	"[account]\nprovider = smtp\nhost = new.example\nauth = none\n" \
	"legacy = fallback\nlegacy_host = old.example:25\n" \
	"rewrite = never\nbackoff_min = 1h\nbackoff_max = 1h\n"
#define HOUR 3600

/* The next deliver is for that host, and TLS of that version at least. */
static void
starts_for(struct deliver *d, const char *host, unsigned tls_min)
{
	struct job_session s;
	struct frame f;

	asked(ASK_DELIVER);
	f = hears(d, JOB_SESSION);
	assert_int_equal(job_get_session(&f, &s, &rig.o.e), 0);
	assert_int_equal(s.hosts.n, 1);
	assert_string_equal(s.hosts.v[0], host);
	assert_int_equal(s.tls_min, tls_min);
	assert_false(s.is_trial);
	job_session_clear(&s);
}

static void
a_stay_begins_with_the_next_connection(void **state)
{
	struct deliver d[2];

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d[0]);
	kick();
	starts_for(&d[0], "new.example", 12);
	says_ready(&d[0]);
	takes_one(&d[0]);
	/* One that is idle says goodbye, and takes no more mail. */
	dispatch_set_legacy(rig.o.parts.dispatch, 0, HOUR);
	hears(&d[0], JOB_QUIT);
	post(1000, "b@example.com");
	will_start(&d[1]);
	says_closed(&d[0], JOB_UNTRIED);
	kick();
	starts_for(&d[1], "old.example:25", 10);
	assert_true(view(0).is_away);
	/* And back, while a message is under way: it is sent to its end. */
	says_ready(&d[1]);
	hears_message(&d[1]);
	dispatch_set_legacy(rig.o.parts.dispatch, 0, 0);
	hears(&d[1], JOB_BODY_END);
	says_result(&d[1], 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	says_done(&d[1]);
	hears(&d[1], JOB_QUIT);
	says_closed(&d[1], JOB_UNTRIED);
	assert_false(view(0).is_away);
	assert_string_equal(office_list(&rig.o), "");
	rig_down();
}

/* Heard is the result by now, and on its way to the disk. */
static void
change_by_hand(evutil_socket_t fd, short what, void *arg)
{
	bool *was_under_way = arg;

	(void)fd;
	(void)what;
	*was_under_way = !batch_is_empty(rig.o.parts.batch);
	dispatch_set_legacy(rig.o.parts.dispatch, 0, HOUR);
}

/*
 * A result and a change by hand in one commit: what the result makes of the
 * account comes after that, and is saved all the same.
 */
static void
what_changes_beside_a_save_is_saved(void **state)
{
	struct event *beside_the_result;
	struct store_account known;
	bool was_under_way = false;
	struct deliver d[2];
	int fd[2];

	(void)state;
	rig_up(MAIL);
	post(1000, "a@example.com");
	will_start(&d[0]);
	kick();
	starts_for(&d[0], "new.example", 12);
	says_failed(
	    &d[0], JOB_DEFERRED, JOB_SCOPE_CONNECTION, "cannot be reached");
	assert_string_equal(view(0).state, "backoff");
	will_start(&d[1]);
	assert_true(dispatch_probe(rig.o.parts.dispatch, 0, false, 0));
	starts_for(&d[1], "new.example", 12);
	says_ready(&d[1]);
	hears_message(&d[1]);
	hears(&d[1], JOB_BODY_END);
	says_result(&d[1], 1, JOB_DELIVERED, JOB_SCOPE_RECIPIENT, 250);
	assert_int_equal(pipe(fd), 0);
	beside_the_result = event_new(
	    rig.o.parts.base, fd[0], EV_READ, change_by_hand, &was_under_way);
	assert_non_null(beside_the_result);
	event_add(beside_the_result, NULL);
	puts_done(&d[1]);
	/* What is ready behind it is called behind it, before the commit. */
	assert_int_equal(write(fd[1], "x", 1), 1);
	office_run(&rig.o);
	assert_true(was_under_way);
	assert_string_equal(view(0).state, "ready");
	assert_int_equal(
	    store_account_get(rig.o.parts.store, "", &known, &rig.o.e), 1);
	assert_int_equal(known.state, ACCOUNT_READY);
	store_account_clear(&known);
	hangs_up(&d[1]);
	event_free(beside_the_result);
	close(fd[0]);
	close(fd[1]);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stay_begins_with_the_next_connection),
		cmocka_unit_test(what_changes_beside_a_save_is_saved),
	};

	return cmocka_run_group_tests_name("lane_legacy", tests, NULL, NULL);
}
