/* SPDX-License-Identifier: ISC */
/*
 * A fork server with the test as its parent: what a copy has, and what it has
 * not.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/rand.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_fork.h"
#include "common/proto_listen.h"
#include "common/sandbox.h"
#include "smtpd/fork_server.h"
#include "smtpd/tls.h"

#define PATIENCE_MS 30000

/* What a copy tells of itself. */
struct report {
	pid_t pid, parent;
	int death_signal, descriptors;
	unsigned char random[2][16]; /* OpenSSL's, to be seen and not */
	char name[16];
};

static struct {
	pid_t pid;
	int fd;
} server;

static struct sandbox_made *made; /* by the server, as smtpd's does */

/* ---- copies ---- */

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 3; /* ".", ".." and this one */
}

/* The libc's abort signals the process that it runs in, not the one copied. */
static void __attribute__((noreturn)) abort_confined(void)
{
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	if ((made != NULL ? sandbox_enter_made(made, told, &e)
			  : sandbox_enter(SANDBOX_DELIVER, SANDBOX_STRICT, NULL,
				0, told, &e)) == -1)
		_exit(1);
	abort();
}

/*
 * Reports to its client, and lives as long as its channel, or until it is told
 * something there.
 */
static int
serve(void)
{
	struct report r = { .pid = getpid(), .parent = getppid() };
	char octet;
	ssize_t n;

	r.descriptors = descriptors();
#ifdef __linux__
	prctl(PR_GET_PDEATHSIG, &r.death_signal);
	prctl(PR_GET_NAME, r.name);
#endif
	if (RAND_bytes(r.random[0], sizeof(r.random[0])) != 1 ||
	    RAND_priv_bytes(r.random[1], sizeof(r.random[1])) != 1 ||
	    write(STDOUT_FILENO, &r, sizeof(r)) != sizeof(r))
		return 1;
	n = recv(LISTEN_FD, &octet, 1, 0);
	if (n == 1)
		abort_confined();
	return n == 0 ? 7 : 1;
}

/* ---- the server ---- */

static void __attribute__((noreturn)) be_server(int fd)
{
	unsigned char random[16];

	if (dup2(fd, 100) == -1 || dup2(100, FORK_FD) == -1)
		_exit(99);
	closefrom(FORK_FD + 1);
	/* cmocka catches them, to go on. */
	signal(SIGSYS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	tls_rules_prepare(12);
	made = sandbox_make();
	/* So that there is something to inherit. */
	if (RAND_bytes(random, sizeof(random)) != 1 ||
	    RAND_priv_bytes(random, sizeof(random)) != 1)
		_exit(98);
	_exit(fork_server_run(serve));
}

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0)
		be_server(fd[1]);
	close(fd[1]);
	server.fd = fd[0];
	return 0;
}

/* It ends as a program that is done, and leaves nobody. */
static int
tear_down(void **state)
{
	int status;

	(void)state;
	close(server.fd);
	assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EX_OK);
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
	return 0;
}

/* ---- asking it ---- */

struct copy {
	pid_t pid;
	int client, channel; /* our ends */
};

static void
pass(int fd, const char *what)
{
	assert_int_equal(fdpass_send(server.fd, fd, what,
			     clock_mono_ms() + PATIENCE_MS, NULL),
	    0);
}

static void
copy(struct copy *c)
{
	int client[2], channel[2];
	struct fork_answer a;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	pass(client[1], FORK_CLIENT);
	pass(channel[1], FORK_CHANNEL);
	close(client[1]);
	close(channel[1]);
	assert_int_equal(recv(server.fd, &a, sizeof(a), 0), sizeof(a));
	assert_true(a.pid > 0);
	assert_int_equal(a.error, 0);
	*c = (struct copy){ a.pid, client[0], channel[0] };
}

static void
hear(const struct copy *c, struct report *r)
{
	assert_int_equal(read(c->client, r, sizeof(*r)), sizeof(*r));
	assert_int_equal(r->pid, c->pid);
}

/* Nobody else holds its ends: both are at theirs with it. */
static int
end(const struct copy *c)
{
	char octet;
	int status;

	close(c->channel);
	assert_int_equal(read(c->client, &octet, 1), 0);
	close(c->client);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	return status;
}

/* ---- tests ---- */

static void
a_copy_is_a_process_of_its_own(void **state)
{
	struct report r[2];
	struct copy c[2];
	int i, status;

	(void)state;
	for (i = 0; i < 2; i++) {
		copy(&c[i]);
		hear(&c[i], &r[i]);
		assert_int_equal(r[i].parent, getpid());
		assert_int_equal(r[i].death_signal, SIGKILL);
		assert_int_equal(r[i].descriptors, 4);
		assert_string_equal(r[i].name, "smtpd");
	}
	assert_int_not_equal(r[0].pid, r[1].pid);
	assert_int_not_equal(r[0].pid, server.pid);
	for (i = 0; i < 2; i++) {
		status = end(&c[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
}

static void
no_two_have_the_same_dice(void **state)
{
	struct report r[2];
	struct copy c;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		copy(&c);
		hear(&c, &r[i]);
		end(&c);
		assert_memory_not_equal(
		    r[i].random[0], r[i].random[1], sizeof(r[i].random[0]));
	}
	for (i = 0; i < 2; i++)
		assert_memory_not_equal(
		    r[0].random[i], r[1].random[i], sizeof(r[0].random[i]));
}

/* Neither its server nor the one beside it hears of it. */
static void
one_that_crashes(void **state)
{
	struct copy a, b, c;
	struct report r;
	int status;

	(void)state;
	copy(&a);
	copy(&b);
	hear(&a, &r);
	assert_int_equal(kill(a.pid, SIGSYS), 0);
	status = end(&a);
	assert_true(WIFSIGNALED(status));
	copy(&c);
	hear(&c, &r);
	hear(&b, &r);
	end(&b);
	end(&c);
}

/* An assertion that fails in its sandbox is seen as what it is. */
static void
one_that_aborts(void **state)
{
	struct report r;
	struct copy c;
	int status;

	(void)state;
	copy(&c);
	hear(&c, &r);
	assert_int_equal(send(c.channel, "x", 1, MSG_NOSIGNAL), 1);
	status = end(&c);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* What its parent would not say ends it, without a copy. */
static void
nonsense(void **state)
{
	char octet;

	(void)state;
	pass(STDIN_FILENO, FORK_CHANNEL);
	assert_int_equal(recv(server.fd, &octet, 1, 0), 0);
}

static void
half_of_it(void **state)
{
	char octet;

	(void)state;
	pass(STDIN_FILENO, FORK_CLIENT);
	pass(-1, FORK_CHANNEL);
	assert_int_equal(recv(server.fd, &octet, 1, 0), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_copy_is_a_process_of_its_own),
		T(no_two_have_the_same_dice),
		T(one_that_crashes),
		T(one_that_aborts),
		T(nonsense),
		T(half_of_it),
	};

	return FORK_SERVERS == 0 ? 0
				 : cmocka_run_group_tests_name(
				       "smtpd_fork_server", tests, NULL, NULL);
}
