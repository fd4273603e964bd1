/* SPDX-License-Identifier: ISC */
/* From the parent's table to the store's; the test is the parent. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/devices.h"
#include "tests/unit/office.h"

static struct {
	struct office o;
	struct ask *ask;
	int parent;
	struct devices *d;
	int done;
} rig;

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	memset(&rig, 0, sizeof(rig));
	office_open(&rig.o, OFFICE_ADMIN OFFICE_ACCOUNT);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return -1;
	rig.ask = ask_new(fd[0]);
	rig.parent = fd[1];
	rig.d = devices_new(rig.o.parts.store, rig.o.parts.batch, rig.ask);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	devices_free(rig.d);
	devices_free(NULL);
	ask_free(rig.ask);
	office_close(&rig.o);
	return close(rig.parent);
}

/* NULL: there is none any more. */
static void
will_answer(const char *client, const char *text, uint64_t count)
{
	struct ask_answer a = { .ok = true };

	if (client != NULL) {
		strlcpy(a.knock.listener, "floor", sizeof(a.knock.listener));
		strlcpy(a.knock.client, client, sizeof(a.knock.client));
		strlcpy(a.knock.login, "scanner", sizeof(a.knock.login));
		strlcpy(
		    a.knock.trouble.text, text, sizeof(a.knock.trouble.text));
		strlcpy(a.knock.trouble.words.helo, "copier",
		    sizeof(a.knock.trouble.words.helo));
		a.knock.trouble.count = count;
		a.knock.at = T0;
	}
	assert_int_equal(send(rig.parent, &a, sizeof(a), 0), sizeof(a));
}

static void
on_done(void *arg)
{
	(void)arg;
	rig.done++;
}

static int64_t
number(const char *sql)
{
	char *queue = NULL;
	int64_t n;

	assert_int_not_equal(asprintf(&queue, "%s/queue", rig.o.directory), -1);
	n = fixture_number(queue, sql);
	free(queue);
	return n;
}

static void
what_the_parent_knows_is_written(void **state)
{
	(void)state;
	will_answer("10.0.0.5", "no", 3);
	will_answer("10.0.0.6", "never", 1);
	will_answer(NULL, NULL, 0);
	devices_collect(rig.d, on_done, NULL);
	/* Not from within, and not before it is on disk. */
	assert_int_equal(rig.done, 0);
	batch_flush(rig.o.parts.batch);
	assert_int_equal(rig.done, 1);
	assert_int_equal(
	    number(
		"SELECT failures FROM device WHERE client = "
		"'10.0.0.5' AND login = 'scanner' AND error = 'no' AND name = "
		"'copier' AND messages = 0"),
	    3);
	assert_int_equal(number("SELECT count(*) FROM device"), 2);
}

/* Whoever waits for it hears of the end, all the same. */
static void
nothing_is_known(void **state)
{
	(void)state;
	will_answer(NULL, NULL, 0);
	devices_collect(rig.d, on_done, NULL);
	batch_flush(rig.o.parts.batch);
	assert_int_equal(rig.done, 1);
	will_answer(NULL, NULL, 0);
	devices_collect(rig.d, NULL, NULL);
	assert_true(batch_is_empty(rig.o.parts.batch));
}

/* One that never ends is asked so often, and no more. */
static void
a_parent_has_so_many(void **state)
{
	struct ask_request r;
	int asked = 0, status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		close(rig.parent);
		devices_collect(rig.d, NULL, NULL);
		batch_flush(rig.o.parts.batch);
		_exit(0);
	}
	/* The child has the other end alone: its end is heard. */
	ask_free(rig.ask);
	rig.ask = NULL;
	while (recv(rig.parent, &r, sizeof(r), 0) == sizeof(r)) {
		assert_int_equal(r.what, ASK_KNOCK);
		asked++;
		will_answer("10.0.0.5", "no", 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(asked, KNOCKS_MAX);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_the_parent_knows_is_written),
		CASE(nothing_is_known),
		CASE(a_parent_has_so_many),
	};

	return cmocka_run_group_tests_name("devices", tests, NULL, NULL);
}
