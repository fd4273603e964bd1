/* SPDX-License-Identifier: ISC */
/* Fork servers, which are this test by another name: when there is which. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
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
#include "common/proto_fork.h"
#include "common/proto_listen.h"
#include "queue/fork_servers.h"
#include "smtpd/fork_server.h"
#include "tests/unit/queue_fixture.h"

#define PROGRAM PATH_LIBEXEC "/smtpd"
#define BROKEN  PATH_LIBEXEC "/broken" /* holds how a server is */

/* ---- the program ---- */

static const char *option;

/* Says whose copy it is, and waits until its parent has closed. */
static int
serve(void)
{
	char octet;

	dprintf(STDOUT_FILENO, "%s %ld\n", option, (long)getppid());
	return recv(LISTEN_FD, &octet, 1, 0) == 0 ? 0 : 1;
}

static int
be_broken(char how)
{
	struct fork_answer a = { 0, 0 };
	int fds = 2; /* of a client */
	char octet;

	if (how == 'e')
		return 3;
	while (how == 'a' && fds-- > 0)
		if (recv(FORK_FD, &octet, 1, 0) != 1)
			return 4;
	if (how == 'a' && send(FORK_FD, &a, sizeof(a), 0) != sizeof(a))
		return 4;
	pause();
	return 0;
}

static int
program(const char *how)
{
	int fd = open(BROKEN, O_RDONLY | O_CLOEXEC);
	char octet;

	option = how;
	if (fd != -1)
		return read(fd, &octet, 1) == 1 ? be_broken(octet) : 1;
	return fork_server_run(serve);
}

/* ---- around it ---- */

struct copy {
	enum fork_kind kind;
	pid_t pid, by;
	int client, channel; /* our ends */
};

static struct fork_servers *servers;
static FILE *lines;
static pid_t inside[16]; /* copies that have not ended; 0: none */

static int
set_up(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	(void)mkdir(PATH_LIBEXEC, 0700);
	(void)unlink(BROKEN);
	(void)unlink(PROGRAM);
	assert_int_equal(symlink(self, PROGRAM), 0);
	assert_non_null(lines = tmpfile());
	log_open_fd("test", fileno(lines), LOG_DEBUG);
	servers = fork_servers_new();
	return 0;
}

static void
reap_all(void)
{
	int status;
	pid_t pid;

	fork_servers_renew(servers);
	while ((pid = waitpid(-1, &status, 0)) > 0)
		(void)fork_servers_reaped(servers, pid, status);
	assert_int_equal(fork_servers_count(servers), 0);
	assert_int_equal(fork_servers_deadline(servers), CLOCK_NEVER);
}

/* Of a test that failed some are inside. */
static int
tear_down(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (inside[i] != 0)
			kill(inside[i], SIGKILL);
	memset(inside, 0, sizeof(inside));
	reap_all();
	fork_servers_free(servers);
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	fclose(lines);
	(void)unlink(BROKEN);
	(void)unlink(PROGRAM);
	(void)rmdir(PATH_LIBEXEC);
	return 0;
}

static void
break_next(const char *how)
{
	int fd = open(BROKEN, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, how, 1), 1);
	close(fd);
}

/* How many lines of the log say this. */
static unsigned
told(const char *text)
{
	char line[LOG_LINE_MAX];
	unsigned n = 0;

	rewind(lines);
	while (fgets(line, sizeof(line), lines) != NULL)
		n += strstr(line, "event=fork-server ") != NULL &&
		     strstr(line, text) != NULL;
	return n;
}

static void
note_inside(pid_t pid, pid_t instead)
{
	size_t i;

	for (i = 0; inside[i] != pid; i++)
		assert_true(i + 1 < sizeof(inside) / sizeof(inside[0]));
	inside[i] = instead;
}

static int
copy(enum fork_kind kind, struct copy *c)
{
	int client[2], channel[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	c->kind = kind;
	c->pid =
	    fork_servers_start(servers, kind, client[1], channel[1], &c->by);
	close(client[1]);
	close(channel[1]);
	c->client = client[0];
	c->channel = channel[0];
	if (c->pid != -1) {
		note_inside(0, c->pid);
		return 0;
	}
	close(c->client);
	close(c->channel);
	return -1;
}

/* It is at work, and ends; nobody has it as a child but we. */
static void
end(const struct copy *c)
{
	char line[64], want[64];
	ssize_t n;
	int status;

	n = read(c->client, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	snprintf(want, sizeof(want), "%s %ld\n",
	    c->kind == FORK_OLD ? "-F" : "-f", (long)getpid());
	assert_string_equal(line, want);
	note_inside(c->pid, 0);
	close(c->channel);
	close(c->client);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_false(fork_servers_reaped(servers, c->pid, status));
}

/* That server's end is there to be reaped. */
static void
wait_dead(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void
reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(fork_servers_reaped(servers, pid, status));
}

static pid_t
server_of_next(enum fork_kind kind)
{
	struct copy c;

	assert_int_equal(copy(kind, &c), 0);
	end(&c);
	return c.by;
}

/* ---- what they make ---- */

static void
copies_are_ours(void **state)
{
	int before = fixture_next_fd();
	struct copy a, b, old;

	(void)state;
	assert_int_equal(copy(FORK_USUAL, &a), 0);
	assert_int_equal(copy(FORK_USUAL, &b), 0);
	assert_int_equal(copy(FORK_OLD, &old), 0);
	assert_int_equal(a.by, b.by);
	assert_int_not_equal(a.by, old.by);
	assert_int_not_equal(a.pid, b.pid);
	assert_int_equal(fork_servers_count(servers), 2);
	end(&a);
	end(&b);
	end(&old);
	reap_all();
	assert_int_equal(fixture_next_fd(), before);
	assert_int_equal(told(""), 0);
}

/* ---- how long one is asked ---- */

static void
a_crash_ends_it(void **state)
{
	struct copy a, b;

	(void)state;
	assert_int_equal(copy(FORK_USUAL, &a), 0);
	assert_int_equal(copy(FORK_USUAL, &b), 0);
	fork_servers_doubt(servers, a.by);
	assert_int_not_equal(server_of_next(FORK_USUAL), a.by);
	reap(a.by);
	/* who was inside has nothing to do with it */
	end(&a);
	end(&b);
	/* nor has one that came otherwise */
	fork_servers_doubt(servers, 0);
	assert_int_equal(
	    server_of_next(FORK_USUAL), server_of_next(FORK_USUAL));
	assert_int_equal(told(""), 0);
}

static void
so_many_clients(void **state)
{
	pid_t first = server_of_next(FORK_USUAL);
	int i;

	(void)state;
	for (i = 1; i < FORK_CLIENTS; i++)
		assert_int_equal(server_of_next(FORK_USUAL), first);
	assert_int_not_equal(server_of_next(FORK_USUAL), first);
	reap(first);
	assert_int_equal(fork_servers_count(servers), 1);
}

static void
so_long(void **state)
{
	pid_t first = server_of_next(FORK_USUAL), second;
	int64_t at = fork_servers_deadline(servers);

	(void)state;
	assert_true(at <= clock_mono_ms() + FORK_MS);
	fork_servers_tick(servers, at - 1);
	assert_int_equal(server_of_next(FORK_USUAL), first);
	fork_servers_tick(servers, at);
	assert_int_equal(fork_servers_deadline(servers), CLOCK_NEVER);
	reap(first);
	second = server_of_next(FORK_USUAL);
	assert_int_not_equal(second, first);
	fork_servers_renew(servers);
	reap(second);
	assert_int_equal(fork_servers_count(servers), 0);
	assert_int_equal(told(""), 0);
}

/* ---- what may become of one ---- */

static void
it_was_killed(void **state)
{
	pid_t first = server_of_next(FORK_USUAL), second;
	struct copy c;

	(void)state;
	kill(first, SIGKILL);
	wait_dead(first);
	/* before it was reaped: who asks finds out, and asks again */
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	assert_int_equal(told("another one is started"), 1);
	second = server_of_next(FORK_USUAL);
	assert_int_not_equal(second, first);
	reap(first);
	/* and after it */
	kill(second, SIGKILL);
	reap(second);
	assert_int_equal(told("ended with signal 9"), 1);
	assert_int_not_equal(server_of_next(FORK_USUAL), second);
}

/* One that is new and no good is not started for each client. */
static void
assert_rests(const char *why)
{
	size_t n = fork_servers_count(servers);
	struct copy c;

	assert_int_equal(told(why), 1);
	assert_int_equal(told("for a minute"), 1);
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	assert_int_equal(copy(FORK_OLD, &c), -1);
	assert_int_equal(fork_servers_count(servers), n);
	assert_int_equal(told(""), 1);
	(void)unlink(BROKEN);
	fork_servers_renew(servers);
	(void)server_of_next(FORK_USUAL);
}

static void
it_ends_at_once(void **state)
{
	struct copy c;

	(void)state;
	break_next("e");
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	assert_rests("");
}

static void
it_answers_nonsense(void **state)
{
	struct copy c;

	(void)state;
	break_next("a");
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	assert_rests("it has ended");
}

static void
there_is_no_program(void **state)
{
	char self[4096];
	struct copy c;
	ssize_t n = readlink(PROGRAM, self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	assert_int_equal(unlink(PROGRAM), 0);
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	assert_int_equal(fork_servers_count(servers), 0);
	assert_int_equal(symlink(self, PROGRAM), 0);
	assert_rests("cannot start");
}

/* It was good once: who waited in vain is not to be followed by others. */
static void
it_does_not_answer(void **state)
{
	pid_t first = server_of_next(FORK_USUAL);
	struct copy c;

	(void)state;
	kill(first, SIGSTOP);
	assert_int_equal(copy(FORK_USUAL, &c), -1);
	reap(first);
	assert_rests("no answer came");
}

/* Where nobody reaps, no more are started than there is place for. */
static void
nobody_reaps(void **state)
{
	struct copy c;
	int n;

	(void)state;
	for (n = 0; copy(FORK_USUAL, &c) == 0; n++) {
		end(&c);
		fork_servers_doubt(servers, c.by);
		assert_true(n < 100);
	}
	assert_int_equal(fork_servers_count(servers), n);
	assert_int_equal(told("have not been reaped"), 1);
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

static void
a_fork_has_none(void **state)
{
	unsigned before = descriptors();
	pid_t by = server_of_next(FORK_USUAL);

	(void)state;
	assert_int_equal(descriptors(), before + 1);
	fork_servers_close(servers);
	assert_int_equal(descriptors(), before);
	/* ours was the only one */
	reap(by);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(copies_are_ours),
		T(a_crash_ends_it),
		T(so_many_clients),
		T(so_long),
		T(it_was_killed),
		T(it_ends_at_once),
		T(it_answers_nonsense),
		T(there_is_no_program),
		T(it_does_not_answer),
		T(nobody_reaps),
		T(a_fork_has_none),
	};

	if (argc == 2 && strcmp(argv[0], PROGRAM) == 0)
		_exit(program(argv[1]));
	return FORK_SERVERS == 0 ? 0
				 : cmocka_run_group_tests_name(
				       "fork_servers", tests, NULL, NULL);
}
