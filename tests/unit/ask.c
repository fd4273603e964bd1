/* SPDX-License-Identifier: ISC */
/*
 * Questions to the parent.  The test is the parent: what it will answer lies
 * in the socket before the question is asked.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "queue/ask.h"
#include "queue/sockets.h"
#include "tests/unit/office.h"

static struct {
	struct ask *ask;
	int parent;
	struct err e;
} rig;

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return -1;
	rig.ask = ask_new(fd[0]);
	rig.parent = fd[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ask_free(rig.ask);
	return close(rig.parent);
}

static void
will_answer(const struct ask_answer *a, int fd)
{
	assert_int_equal(send(rig.parent, a, sizeof(*a), 0), sizeof(*a));
	if (a->has_fd)
		assert_int_equal(fdpass_send(rig.parent, fd, "",
				     clock_mono_ms() + 60000, &rig.e),
		    0);
}

static struct ask_request
was_asked(void)
{
	struct ask_request r;

	assert_int_equal(
	    recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT), sizeof(r));
	return r;
}

static void
descriptors_come_with_the_answer(void **state)
{
	struct ask_answer yes = { .ok = true, .has_fd = true, .pid = 4711 };
	struct ask_request r;
	int fd[2], got;
	pid_t pid;
	char octet;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "abc", 3), 3);
	will_answer(&yes, fd[0]);
	got = ask_deliver(rig.ask, 3, &pid, &rig.e);
	assert_int_not_equal(got, -1);
	assert_int_equal(pid, 4711);
	assert_int_equal(read(got, &octet, 1), 1);
	assert_int_equal(octet, 'a');
	close(got);
	r = was_asked();
	assert_int_equal(r.what, ASK_DELIVER);
	assert_int_equal(r.account, 3);

	will_answer(&yes, fd[0]);
	got = ask_aliases(rig.ask, &rig.e);
	assert_int_equal(read(got, &octet, 1), 1);
	assert_int_equal(octet, 'b');
	close(got);
	assert_int_equal(was_asked().what, ASK_ALIASES);

	will_answer(&yes, fd[0]);
	got = ask_include(rig.ask, "/etc/list", &rig.e);
	assert_int_equal(read(got, &octet, 1), 1);
	assert_int_equal(octet, 'c');
	close(got);
	r = was_asked();
	assert_int_equal(r.what, ASK_INCLUDE);
	assert_string_equal(r.with.path, "/etc/list");
	close(fd[0]);
	close(fd[1]);
}

static void
the_log_comes_with_the_answer(void **state)
{
	struct ask_answer yes = { .ok = true, .has_fd = true };
	int fd[2], got;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	will_answer(&yes, fd[1]);
	got = ask_log(rig.ask, &rig.e);
	assert_int_not_equal(got, -1);
	assert_int_equal(write(got, "a", 1), 1);
	close(got);
	assert_int_equal(was_asked().what, ASK_LOG);
	close(fd[0]);
	close(fd[1]);
}

static void
facts_come_by_themselves(void **state)
{
	struct ask_answer yes = {
		.ok = true, .member = true, .stamp = { 1, 2, 3, 4 }
	};
	char name[MEMBER_NAME_MAX];
	struct ask_request r;
	struct ask_stamp st;
	bool member = false;

	(void)state;
	will_answer(&yes, -1);
	assert_int_equal(ask_member(rig.ask, 2, 1000, &member, &rig.e), 0);
	assert_true(member);
	r = was_asked();
	assert_int_equal(r.what, ASK_MEMBER);
	assert_int_equal(r.account, 2);
	assert_int_equal(r.uid, 1000);
	will_answer(&yes, -1);
	assert_int_equal(ask_stamp(rig.ask, 1, &st, &rig.e), 0);
	assert_memory_equal(&st, &yes.stamp, sizeof(st));
	assert_int_equal(was_asked().what, ASK_STAMP);
	/* A name that does not end is cut. */
	memset(yes.name, 'n', sizeof(yes.name));
	will_answer(&yes, -1);
	assert_int_equal(ask_name(rig.ask, 1000, name, &rig.e), 0);
	assert_int_equal(strlen(name), MEMBER_NAME_MAX - 1);
	r = was_asked();
	assert_int_equal(r.what, ASK_NAME);
	assert_int_equal(r.uid, 1000);
	/* These have no answer. */
	ask_kill(rig.ask, 99);
	r = was_asked();
	assert_int_equal(r.what, ASK_KILL);
	assert_int_equal(r.pid, 99);
	ask_alive(rig.ask);
	assert_int_equal(was_asked().what, ASK_ALIVE);
}

static void
an_alarm_goes_with_its_text(void **state)
{
	char text[ASK_TEXT_MAX + 100];
	struct ask_request r;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ask_alarm(rig.ask, text);
	r = was_asked();
	assert_int_equal(r.what, ASK_ALARM);
	assert_int_equal(strlen(r.with.text), ASK_TEXT_MAX - 1);
}

/* Those that were bound since, each with its name. */
static void
new_sockets_come_with_readiness(void **state)
{
	struct sockets before, now;
	char text[FDPASS_TEXT_MAX];
	struct ask_request r;
	int fd;

	(void)state;
	sockets_init(&before);
	sockets_init(&now);
	ask_ready(rig.ask, &now, &before);
	assert_int_equal(was_asked().sockets, 0);
	assert_int_not_equal(now.fd[SOCKET_CONTROL] = dup(rig.parent), -1);
	ask_ready(rig.ask, &now, &before);
	r = was_asked();
	assert_int_equal(r.what, ASK_READY);
	assert_int_equal(r.sockets, 1);
	assert_int_equal(
	    fdpass_recv(rig.parent, &fd, text, clock_mono_ms() + 60000, &rig.e),
	    0);
	assert_string_equal(text, "control");
	close(fd);
	/* One that the parent has already stays where it is. */
	ask_ready(rig.ask, &now, &now);
	assert_int_equal(was_asked().sockets, 0);
	close(now.fd[SOCKET_CONTROL]);
}

static void
a_no_has_the_parent_s_reason(void **state)
{
	struct ask_answer no = { .ok = false };
	struct ask_stamp st;
	pid_t pid;
	bool member;

	(void)state;
	err_set(&no.why, ERR_TEMP, "4.3.2", "100%% of children are busy");
	will_answer(&no, -1);
	assert_int_equal(ask_deliver(rig.ask, 0, &pid, &rig.e), -1);
	assert_int_equal(rig.e.class, ERR_TEMP);
	assert_string_equal(rig.e.status, "4.3.2");
	/* The text is no format. */
	assert_string_equal(rig.e.text, "100% of children are busy");
	will_answer(&no, -1);
	assert_int_equal(ask_aliases(rig.ask, &rig.e), -1);
	will_answer(&no, -1);
	assert_int_equal(ask_include(rig.ask, "/etc/list", &rig.e), -1);
	will_answer(&no, -1);
	assert_int_equal(ask_stamp(rig.ask, 0, &st, &rig.e), -1);
	will_answer(&no, -1);
	assert_int_equal(ask_member(rig.ask, 0, 0, &member, &rig.e), -1);
}

static void
an_overlong_path_is_not_asked(void **state)
{
	char path[PATH_MAX + 1];
	struct ask_request r;

	(void)state;
	memset(path, '/', PATH_MAX);
	path[PATH_MAX] = '\0';
	assert_int_equal(ask_include(rig.ask, path, &rig.e), -1);
	assert_int_equal(recv(rig.parent, &r, sizeof(r), MSG_DONTWAIT), -1);
}

/* How a child ends that asks, or tells, this parent. */
static void
ends(bool asks)
{
	bool member;
	int status;
	pid_t pid;

	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		close(rig.parent);
		if (asks)
			ask_member(rig.ask, 0, 0, &member, NULL);
		else
			ask_alive(rig.ask);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_OSERR);
}

static void
an_orphan_ends(void **state)
{
	(void)state;
	assert_int_equal(shutdown(rig.parent, SHUT_RDWR), 0);
	ends(true);
	ends(false);
}

static void
half_an_answer_is_none(void **state)
{
	struct ask_answer yes = { .ok = true, .has_fd = true };

	(void)state;
	assert_int_equal(send(rig.parent, "x", 1, 0), 1);
	ends(true);
	/* A descriptor was promised, and something else comes. */
	assert_int_equal(send(rig.parent, &yes, sizeof(yes), 0), sizeof(yes));
	assert_int_equal(send(rig.parent, "x", 1, 0), 1);
	ends(true);
}

static void
nothing_is_left_open(void **state)
{
	struct ask_answer yes = { .ok = true, .has_fd = true };
	int next = fixture_next_fd(), fd;
	struct ask_stamp st;
	char octet;

	(void)state;
	/* A descriptor that nobody asked for is closed. */
	assert_int_not_equal(fd = dup(rig.parent), -1);
	will_answer(&yes, fd);
	close(fd);
	assert_int_equal(ask_stamp(rig.ask, 0, &st, &rig.e), 0);
	assert_int_equal(fixture_next_fd(), next);
	was_asked();
	ask_free(rig.ask);
	rig.ask = NULL;
	assert_int_equal(recv(rig.parent, &octet, 1, MSG_DONTWAIT), 0);
}

/* ---- looking, as the parent does it and a process that has none ---- */

static void
a_listener_is_asked_for_by_its_index(void **state)
{
	struct ask_answer yes = { .ok = true }, no = { .ok = false };
	struct ask_request r;
	struct door_view v;

	(void)state;
	yes.door.state = DOOR_STUCK;
	yes.door.inside = 7;
	strlcpy(yes.door.text, "why", sizeof(yes.door.text));
	will_answer(&yes, -1);
	assert_int_equal(ask_listener(rig.ask, 3, &v, &rig.e), 0);
	assert_int_equal(v.state, DOOR_STUCK);
	assert_int_equal(v.inside, 7);
	assert_string_equal(v.text, "why");
	r = was_asked();
	assert_int_equal(r.what, ASK_LISTENER);
	assert_int_equal(r.listener, 3);
	will_answer(&no, -1);
	assert_int_equal(ask_listener(rig.ask, 99, &v, &rig.e), -1);
	assert_int_equal(was_asked().listener, 99);
}

static void
alone_it_looks_for_itself(void **state)
{
	char name[MEMBER_NAME_MAX];
	struct ask_stamp st, later;
	struct door_view v;
	struct office o;
	bool member;
	pid_t pid;
	int fd;

	(void)state;
	office_open(&o,
	    OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
			 "tls = implicit\nuser = a@contoso.com\n"
			 "password_file = drop/pw\nusers = root\n"
			 "[account other]\nprovider = smtp\n"
			 "host = 127.0.0.1\ntls = none\n");
	assert_int_equal(ask_listener(o.parts.ask, 0, &v, &o.e), 0);
	assert_int_equal(v.state, DOOR_SHUT);
	assert_string_equal(v.text, "mailchuted is not running");
	assert_int_equal(ask_aliases(o.parts.ask, &o.e), -1);
	office_write(&o, "aliases", "x: y\n");
	fd = ask_aliases(o.parts.ask, &o.e);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(ask_include(o.parts.ask, "relative", &o.e), -1);
	fd = ask_include(o.parts.ask, o.conf->local.aliases, &o.e);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(ask_member(o.parts.ask, 0, 0, &member, &o.e), 0);
	assert_true(member);
	assert_int_equal(
	    ask_member(o.parts.ask, 0, 2000000000, &member, &o.e), 0);
	assert_false(member);
	assert_int_equal(
	    ask_member(o.parts.ask, 1, 2000000000, &member, &o.e), 0);
	assert_true(member);

	assert_int_equal(ask_name(o.parts.ask, 0, name, &o.e), 0);
	assert_string_equal(name, "root");
	assert_int_equal(ask_name(o.parts.ask, 2000000000, name, &o.e), 0);
	assert_string_equal(name, "");

	assert_int_equal(ask_stamp(o.parts.ask, 0, &st, &o.e), -1);
	office_write(&o, "drop/pw", "one\n");
	assert_int_equal(ask_stamp(o.parts.ask, 0, &st, &o.e), 0);
	office_write(&o, "drop/pw", "other\n");
	assert_int_equal(ask_stamp(o.parts.ask, 0, &later, &o.e), 0);
	assert_memory_not_equal(&st, &later, sizeof(st));
	assert_int_equal(ask_stamp(o.parts.ask, 1, &st, &o.e), -1);

	assert_int_equal(ask_deliver(o.parts.ask, 0, &pid, &o.e), -1);
	assert_int_equal(o.e.class, ERR_TEMP);
	ask_kill(o.parts.ask, getpid());
	ask_alive(o.parts.ask);
	ask_alarm(o.parts.ask, "text");
	office_close(&o);
	ask_free(NULL);
}

/* The log comes as it is open here, and not where there is none. */
static void
the_log_is_handed_on(void **state)
{
	struct ask_request r = { .what = ASK_LOG };
	struct ask_answer a = { .ok = false };
	struct conf_account account = { .connections = 1 };
	struct conf conf = { .accounts = &account, .naccounts = 1 };
	struct stat here, there;
	int fd = -1;

	(void)state;
	assert_int_equal(log_open("t", LOG_TO_FILE, "/dev/null", LOG_INFO), 0);
	ask_look(&conf, &r, &a, &fd);
	assert_true(a.ok && a.has_fd);
	assert_int_not_equal(fd, log_fd());
	assert_int_equal(fstat(fd, &there), 0);
	assert_int_equal(fstat(log_fd(), &here), 0);
	assert_int_equal(here.st_rdev, there.st_rdev);
	close(fd);
	memset(&a, 0, sizeof(a));
	assert_int_equal(log_open("t", LOG_TO_SYSLOG, NULL, LOG_INFO), 0);
	ask_look(&conf, &r, &a, &fd);
	assert_false(a.ok || a.has_fd);
	assert_int_equal(log_open("t", LOG_TO_STDERR, NULL, LOG_INFO), 0);
}

#define in_rig(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_rig(descriptors_come_with_the_answer),
		in_rig(the_log_comes_with_the_answer),
		in_rig(facts_come_by_themselves),
		in_rig(an_alarm_goes_with_its_text),
		in_rig(new_sockets_come_with_readiness),
		in_rig(a_no_has_the_parent_s_reason),
		in_rig(an_overlong_path_is_not_asked),
		in_rig(an_orphan_ends),
		in_rig(half_an_answer_is_none),
		in_rig(nothing_is_left_open),
		in_rig(a_listener_is_asked_for_by_its_index),
		cmocka_unit_test(alone_it_looks_for_itself),
		cmocka_unit_test(the_log_is_handed_on),
	};

	return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
