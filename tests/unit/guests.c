/* SPDX-License-Identifier: ISC */
/* Each client has an smtpd of its own, and messages while it may. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "queue/guests_priv.h"
#include "tests/unit/guest_rig.h"
#include "tests/unit/logged.h"
#include "tests/unit/queue_fixture.h"

#define LISTENER \
	"[listen scan]\nmax_recipients = 7\n" \
	"max_size = 9K\nbare_newline = refuse\n"

static struct {
	struct guests *g;
	struct gate *gate;
	struct conf *conf;
} here;

static int
set_up(void **state)
{
	guest_rig_open(state);
	here.conf = guest_rig_conf(LISTENER);
	here.gate = gate_new(&here.conf->listeners[0]);
	here.g = guests_new();
	guests_set_conf(here.g, here.conf);
	return 0;
}

/* Waits until all have ended. */
static void
reap_all(void)
{
	int status;
	pid_t pid;

	guests_renew(here.g);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		assert_true(guests_reaped(here.g, pid, status));
	assert_int_equal(guests_count(here.g), 0);
}

static int
tear_down(void **state)
{
	guests_kill(here.g);
	reap_all();
	guests_free(here.g);
	gate_free(here.gate);
	conf_free(here.conf);
	return guest_rig_close(state);
}

/* One of 127.0.0.LAST: the client's end. */
static int
come_in(uint32_t last)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000 + last) };
	const struct guest_door door = { here.gate, &here.conf->listeners[0],
		NULL };
	const struct sockaddr *from = (struct sockaddr *)&in;
	int fd[2];
	struct err e;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(
	    gate_enter(here.gate, from, clock_mono_ms()), GATE_OPEN);
	assert_int_equal(guests_add(here.g, &door, from, fd[1], &e), 0);
	close(fd[1]);
	return fd[0];
}

/* Serves until this client has got a line. */
static void
serve_until_it_hears(int client)
{
	static struct pollfd fds[GUESTS_MAX + 1];
	size_t n;

	for (;;) {
		n = guests_poll_fds(here.g, fds + 1);
		fds[0] = (struct pollfd){ .fd = client, .events = POLLIN };
		assert_true(poll(fds, n + 1, 30000) > 0);
		if (fds[0].revents != 0)
			break;
		guests_serve(here.g, fds + 1);
	}
}

static void
assert_hears(int client, const char *want)
{
	char line[512];

	serve_until_it_hears(client);
	guest_rig_line(client, line, sizeof(line));
	assert_string_equal(line, want);
}

static void
say(int client, const char *octet)
{
	assert_int_equal(write(client, octet, 1), 1);
}

static void
assert_sends(int client, const char *address)
{
	char octet;
	int fd;

	say(client, "m");
	assert_hears(client, "got");
	fd = guest_rig_origin(guests_token(here.g), "scan", address);
	/* What follows on it comes from that smtpd. */
	assert_int_equal(read(fd, &octet, 1), 1);
	assert_int_equal(octet, '!');
	close(fd);
}

/* The guest that came in last. */
static const struct guest *
latest(void)
{
	return &here.g->v[here.g->n - 1];
}

static void
each_has_its_own(void **state)
{
	int a = come_in(1), b = come_in(2);

	(void)state;
	assert_hears(
	    a, "scan 127.0.0.1 web01.contoso.example contoso.example 9216 7 1");
	assert_hears(
	    b, "scan 127.0.0.2 web01.contoso.example contoso.example 9216 7 1");
	assert_int_equal(guests_count(here.g), 2 + FORK_SERVERS);
	assert_int_equal(gate_connections(here.gate), 2);
	assert_sends(b, "127.0.0.2");
	assert_sends(a, "127.0.0.1");
	assert_sends(a, "127.0.0.1");
	assert_sends(b, "127.0.0.2");
	close(a);
	close(b);
	reap_all();
	assert_int_equal(gate_connections(here.gate), 0);
	assert_false(guests_reaped(here.g, getpid(), 0));
}

static void
what_a_reload_changes(void **state)
{
	struct conf *next = guest_rig_conf(LISTENER), *former = here.conf;
	struct conf_listen narrow = next->listeners[0];
	char line[512], network[] = "127.0.0.2", *allowed = network;
	int a = come_in(1);

	(void)state;
	guest_rig_line(a, line, sizeof(line));
	/* between the two nobody is believed */
	guests_set_conf(here.g, next);
	here.conf = next;
	conf_free(former);
	say(a, "m");
	assert_hears(a, "this listener is closed");
	guests_move(here.g, here.gate, &next->listeners[0]);
	assert_sends(a, "127.0.0.1");
	narrow.allow = (struct strlist){ .v = &allowed, .n = 1 };
	gate_change(here.gate, &narrow);
	say(a, "m");
	assert_hears(a, "its address is not in listen.allow any more");
	/* the listener is taken away, and its gate with it */
	guests_move(here.g, here.gate, NULL);
	gate_free(here.gate);
	here.gate = gate_new(&next->listeners[0]);
	assert_int_equal(latest()->channel, -1);
	close(a);
	reap_all();
}

static void
without_a_queue_process(void **state)
{
	char path[512];
	int a = come_in(1);
	char line[512];

	(void)state;
	guest_rig_line(a, line, sizeof(line));
	snprintf(path, sizeof(path), "%s/submit", guest_rig.folder);
	assert_int_equal(unlink(path), 0);
	say(a, "m");
	assert_hears(a, "not ready; try later");
	close(a);
}

static void
no_more_than_there_is_place_for(void **state)
{
	static int fds[GUESTS_MAX];
	struct conf_listen wide = here.conf->listeners[0];
	char line[512];
	int i;

	(void)state;
	wide.connections = wide.client_connections = 2 * GUESTS_MAX;
	gate_change(here.gate, &wide);
	for (i = 0; i < GUESTS_MAX; i++) {
		assert_false(guests_are_full(here.g));
		fds[i] = come_in(1);
		/* of all listeners' places less than a quarter is left */
		if (i == GUESTS_MAX * 3 / 4 - 1 || i == GUESTS_MAX * 3 / 4) {
			guest_rig_line(fds[i], line, sizeof(line));
			assert_int_equal(strstr(line, " crowded") != NULL,
			    i == GUESTS_MAX * 3 / 4);
		}
	}
	assert_true(guests_are_full(here.g));
	for (i = 0; i < GUESTS_MAX; i++)
		close(fds[i]);
	reap_all();
	assert_false(guests_are_full(here.g));
}

/* Who comes in among the last is waited for less. */
static void
where_places_are_short_they_are_told(void **state)
{
	struct conf_listen few = here.conf->listeners[0];
	char line[512];
	int i, fds[8];

	(void)state;
	few.connections = few.client_connections = 8;
	gate_change(here.gate, &few);
	for (i = 0; i < 8; i++) {
		fds[i] = come_in(1);
		guest_rig_line(fds[i], line, sizeof(line));
		assert_int_equal(strstr(line, " crowded") != NULL, i >= 6);
	}
	for (i = 0; i < 8; i++)
		close(fds[i]);
}

static unsigned
descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* The queue process, a fork, has no descriptor of theirs. */
static void
a_fork_has_none(void **state)
{
	unsigned before = descriptors();
	int a = come_in(1);
	char line[512];

	(void)state;
	guest_rig_line(a, line, sizeof(line));
	assert_int_equal(descriptors(), before + 2 + FORK_SERVERS);
	guests_close(here.g);
	close(a);
	assert_int_equal(descriptors(), before);
}

/* ---- their fork server ---- */

static void
kill_guest(pid_t pid, int signal)
{
	int status;

	assert_int_equal(kill(pid, signal), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(guests_reaped(here.g, pid, status));
}

/* As after a crash: what is known of its memory is known of its server's. */
static void
after_a_takeover_the_next_has_another(void **state)
{
	int a = come_in(1), b = come_in(2), c, status;
	char line[512];
	pid_t by = latest()->by, pid = here.g->v[0].pid;

	(void)state;
	guest_rig_line(a, line, sizeof(line));
	guest_rig_line(b, line, sizeof(line));
	say(a, "x");
	serve_until_it_hears(a);
	assert_int_equal(read(a, line, 1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(guests_reaped(here.g, pid, status));
	assert_int_equal(gate_connections(here.gate), 1);
	c = come_in(3);
	assert_int_not_equal(latest()->by, by);
	assert_sends(b, "127.0.0.2");
	close(a);
	close(b);
	close(c);
}

/* Somebody may be looking for something; nobody else is to be harmed. */
static void
after_a_crash_the_next_has_another(void **state)
{
	FILE *lines = tmpfile();
	char want[128];
	int a = come_in(1), b = come_in(2), c, d;
	char line[512];
	pid_t by = latest()->by;

	(void)state;
	log_open_fd("test", fileno(lines), LOG_DEBUG);
	guest_rig_line(a, line, sizeof(line));
	guest_rig_line(b, line, sizeof(line));
	assert_int_equal(here.g->v[0].by, by);
	kill_guest(here.g->v[0].pid, SIGSYS);
	snprintf(want, sizeof(want),
	    "event=smtpd-ended listener=scan client=127.0.0.1 signal=%d ",
	    SIGSYS);
	assert_int_equal(logged_lines(lines, want), 1);
	assert_int_equal(gate_connections(here.gate), 1);
	c = come_in(3);
	assert_int_not_equal(latest()->by, by);
	by = latest()->by;
	assert_sends(b, "127.0.0.2");
	guest_rig_line(c, line, sizeof(line));
	assert_sends(c, "127.0.0.3");
	/* one that ends as it should is no such thing */
	say(c, "q");
	guests_reaped(here.g, waitpid(latest()->pid, NULL, 0), 0);
	d = come_in(4);
	assert_int_equal(latest()->by, by);
	/* nor is what we do ourselves */
	guests_kill(here.g);
	reap_all();
	assert_int_equal(logged_lines(lines, "event=smtpd-ended"), 1);
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	fclose(lines);
	close(a);
	close(b);
	close(c);
	close(d);
}

static void
a_server_is_killed_between_two(void **state)
{
	int a = come_in(1), b;
	siginfo_t info;
	char line[512];
	pid_t by = latest()->by;

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	guest_rig_line(a, line, sizeof(line));
	assert_int_equal(kill(by, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)by, &info, WEXITED | WNOWAIT), 0);
	b = come_in(2);
	assert_int_not_equal(latest()->by, 0);
	assert_int_not_equal(latest()->by, by);
	guest_rig_line(b, line, sizeof(line));
	assert_sends(b, "127.0.0.2");
	assert_sends(a, "127.0.0.1");
	close(a);
	close(b);
}

static void
a_reload_has_another(void **state)
{
	int a = come_in(1), b;
	pid_t by = latest()->by;

	(void)state;
	guests_set_conf(here.g, here.conf);
	guests_move(here.g, here.gate, &here.conf->listeners[0]);
	b = come_in(2);
	assert_int_not_equal(latest()->by, by);
	close(a);
	close(b);
}

/* What one has read of the system's configuration is not for old TLS. */
static void
old_tls_has_its_own(void **state)
{
	struct conf_listen *l = &here.conf->listeners[0];
	pid_t by[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		l->tls = i == 0 ? LISTEN_TLS_NONE : LISTEN_TLS_STARTTLS;
		l->tls_min = i == 1 ? 12 : 11;
		close(come_in(1));
		by[i] = latest()->by;
	}
	assert_int_equal(by[0], by[1]);
	assert_int_not_equal(by[1], by[2]);
	assert_int_equal(by[2], by[3]);
}

/* Whatever is wrong with it, clients are served. */
static void
without_a_server(void **state)
{
	int a, b;
	char line[512];

	(void)state;
	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	guest_rig_without_servers();
	a = come_in(1);
	assert_int_equal(latest()->by, 0);
	b = come_in(2);
	assert_int_equal(latest()->by, 0);
	guest_rig_line(a, line, sizeof(line));
	guest_rig_line(b, line, sizeof(line));
	assert_sends(b, "127.0.0.2");
	assert_sends(a, "127.0.0.1");
	/* one of them has no server to be doubted */
	kill_guest(here.g->v[0].pid, SIGSYS);
	close(a);
	close(b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(each_has_its_own),
		T(what_a_reload_changes),
		T(without_a_queue_process),
		T(no_more_than_there_is_place_for),
		T(where_places_are_short_they_are_told),
		T(a_fork_has_none),
#if FORK_SERVERS
		T(after_a_takeover_the_next_has_another),
		T(after_a_crash_the_next_has_another),
		T(a_server_is_killed_between_two),
		T(a_reload_has_another),
		T(old_tls_has_its_own),
#endif
		T(without_a_server),
	};

	guest_rig_program(argc, argv);
	return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
