/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on a kernel without Landlock, which a filter of ours plays, and
 * without seccomp; and the calls that sandbox.c has no row for.  Each case runs
 * in a child that enters the sandbox and tries one thing.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "common/sandbox.h"
#include "common/sanitizer.h"

#define KILLED (-SIGSYS)
#define FAILED 255 /* the sandbox itself was refused */

static int pair[2]; /* made before the sandbox, as the connection is */
static int tcp;
static char told[SANDBOX_TOLD_MAX];

/* ---- attempts: 0, or the errno of the failure ---- */

static int
open_kept(void)
{
	return open("/etc/passwd", O_RDONLY) == -1 ? errno : 0;
}

static int
open_other(void)
{
	return open("/proc/self/status", O_RDONLY) == -1 ? errno : 0;
}

static int
start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
start_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0) == -1 ? errno : 0;
}

static int
make_socket(int family, int type)
{
	return socket(family, type, 0) == -1 ? errno : 0;
}

static int
make_ipv6(void)
{
	return make_socket(AF_INET6, SOCK_STREAM);
}

static int
make_netlink(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW);
}

static int
make_packet(void)
{
	return make_socket(AF_PACKET, SOCK_RAW);
}

static int
make_vsock(void)
{
	return make_socket(AF_VSOCK, SOCK_STREAM);
}

static int
make_pair(void)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1 ? errno : 0;
}

static int
bind_there(void)
{
	struct sockaddr sa = { .sa_family = AF_INET };

	return bind(tcp, &sa, sizeof(sa)) == -1 ? errno : 0;
}

static int
listen_there(void)
{
	return listen(tcp, 1) == -1 ? errno : 0;
}

static int
accept_there(void)
{
	return accept(tcp, NULL, NULL) == -1 ? errno : 0;
}

static int
raise_limit(void)
{
	struct rlimit r = { 0, 0 };

	return setrlimit(RLIMIT_NOFILE, &r) == -1 ? errno : 0;
}

static int
make_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 ? errno : 0;
}

static int
read_parent(void)
{
	struct iovec v = { told, sizeof(told) };

	return process_vm_readv(getppid(), &v, 1, &v, 1, 0) == -1 ? errno : 0;
}

static int
turn_into_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return EIO;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1 ? errno : 0;
}

static int
make_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) == -1 ? errno : 0;
}

static int
talk(void)
{
	char c;

	return write(pair[0], "x", 1) == 1 && read(pair[1], &c, 1) == 1 ? 0
									: errno;
}

/* ---- kernels ---- */

enum kernel {
	THIS,
	NO_LANDLOCK,
	NO_SECCOMP
};

/* These calls do not exist from here on. */
static int
forget(const int *calls, size_t n)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}

static int
become(enum kernel k)
{
	static const int landlock[] = { SCMP_SYS(landlock_create_ruleset) };
	static const int filter[] = { SCMP_SYS(seccomp) };

	switch (k) {
	case THIS:
		return 0;
	case NO_LANDLOCK:
		return forget(landlock, 1);
	case NO_SECCOMP:
		/* The old way in is closed, too. */
		return forget(filter, 1) == 0 &&
			       prctl(PR_SET_SECCOMP, 0, 0, 0, 0) == -1
			   ? 0
			   : -1;
	}
	return -1;
}

struct attempt {
	const char *name;
	enum kernel kernel;
	enum sandbox_profile profile;
	int (*try)(void);
	int want; /* 0, errno, or minus a signal */
	const char *told;
	bool is_plain; /* only without sanitizers, which need it themselves */
};

#define D    SANDBOX_DELIVER
#define Q    SANDBOX_QUEUE
#define NONE "the kernel has no Landlock"

static const struct attempt attempts[] = {
	{ "deliver: IPv6", THIS, D, make_ipv6, EACCES, "", false },
	{ "deliver: netlink", THIS, D, make_netlink, EACCES, "", false },
	{ "deliver: packets", THIS, D, make_packet, EACCES, "", false },
	{ "deliver: vsock", THIS, D, make_vsock, EACCES, "", false },
	{ "deliver: a pair of sockets", THIS, D, make_pair, EACCES, "", false },
	{ "deliver: bind", THIS, D, bind_there, EACCES, "", false },
	{ "deliver: listen", THIS, D, listen_there, EACCES, "", false },
	{ "deliver: accept", THIS, D, accept_there, EACCES, "", false },
	{ "deliver: limits", THIS, D, raise_limit, EACCES, "", true },
	{ "deliver: dumpable", THIS, D, make_dumpable, EACCES, "", true },
	{ "deliver: memory of another", THIS, D, read_parent, KILLED, "",
	    false },
	{ "deliver: memory into code", THIS, D, turn_into_code, EACCES, "",
	    true },
	{ "deliver: io_uring", THIS, D, make_ring, KILLED, "", false },
	{ "queue: memory of another", THIS, Q, read_parent, KILLED, "", false },
	{ "queue: io_uring", THIS, Q, make_ring, KILLED, "", false },
	{ "queue: netlink", THIS, Q, make_netlink, EACCES, "", false },
	{ "deliver: works", NO_LANDLOCK, D, talk, 0, NONE, false },
	{ "deliver: a kept file", NO_LANDLOCK, D, open_kept, EACCES, NONE,
	    true },
	{ "deliver: a file", NO_LANDLOCK, D, open_other, EACCES, NONE, true },
	{ "deliver: exec", NO_LANDLOCK, D, start_program, KILLED, NONE, false },
	{ "deliver: fork", NO_LANDLOCK, D, start_child, KILLED, NONE, false },
	{ "deliver: signal", NO_LANDLOCK, D, signal_parent, EACCES, NONE,
	    false },
	{ "deliver: IPv6", NO_LANDLOCK, D, make_ipv6, EACCES, NONE, false },
	{ "queue: a file", NO_LANDLOCK, Q, open_other, 0, NONE, false },
	{ "queue: exec", NO_LANDLOCK, Q, start_program, KILLED, NONE, false },
	{ "queue: IPv6", NO_LANDLOCK, Q, make_ipv6, EACCES, NONE, false },
};

/* In the child: ends it with the errno of the attempt. */
static void
enter_and_try(const struct attempt *a)
{
	struct sandbox_path kept = { "/etc/passwd", SANDBOX_READ };
	struct err e;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    become(a->kernel) != 0 ||
	    sandbox_enter(a->profile, SANDBOX_STRICT, &kept, 1, told, &e) ==
		-1 ||
	    strstr(told, a->told) == NULL)
		_exit(FAILED);
	_exit(a->try());
}

static int
outcome(const struct attempt *a)
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0)
		enter_and_try(a);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
every_attempt_ends_as_it_should(void **state)
{
	const struct attempt *a;
	int got, wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		a = &attempts[i];
		if (SANITIZED && a->is_plain)
			continue;
		got = outcome(a);
		if (got == a->want)
			continue;
		print_message("# %s: got %d, want %d\n", a->name, got, a->want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Strict is not silently less than strict. */
static void
without_seccomp_nothing_starts(void **state)
{
	struct attempt a = { "", NO_SECCOMP, D, talk, 0, "", false };

	(void)state;
	assert_int_equal(outcome(&a), FAILED);
}

/* landlock.c asks the kernel, and believes it. */
static void
landlock_is_found_where_it_is(void **state)
{
	long abi = syscall(SCMP_SYS(landlock_create_ruleset), NULL, 0, 1);

	(void)state;
	assert_int_equal(sandbox_keeps_paths(SANDBOX_STRICT), abi > 0);
}

static void
memory_is_hidden(void **state)
{
	struct rlimit r;
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		sandbox_hide_memory();
		_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
			      getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
prepare(void **state)
{
	(void)state;
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	return tcp == -1 ? -1 : socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attempt_ends_as_it_should),
		cmocka_unit_test(without_seccomp_nothing_starts),
		cmocka_unit_test(landlock_is_found_where_it_is),
		cmocka_unit_test(memory_is_hidden),
	};

	return cmocka_run_group_tests_name(
	    "sandbox_kernel", tests, prepare, NULL);
}
