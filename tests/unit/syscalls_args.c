/* SPDX-License-Identifier: ISC */
/*
 * What a process that was taken over could do to others of its uid, and to a
 * descriptor that it shares with them, by calls that it may make for itself.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/confined_rig.h"

/* ---- signals ---- */

static int
tgkill_sibling(void)
{
	return confined_result(
	    syscall(SYS_tgkill, confined_sibling, confined_sibling, SIGKILL));
}

/* The kernel takes the lower half alone. */
static int
tgkill_by_upper_half(void)
{
	return confined_result(
	    syscall(SYS_tgkill, (1UL << 32) | (unsigned long)confined_sibling,
		confined_sibling, SIGKILL));
}

static int
tgkill_maker(void)
{
	return confined_result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
tkill_sibling(void)
{
	return confined_result(syscall(SYS_tkill, confined_sibling, SIGKILL));
}

/* The kernel signals the owner when something can be read. */
static int
signal_by_descriptor(void)
{
	if (fcntl(STDIN_FILENO, F_SETSIG, SIGKILL) == -1 ||
	    fcntl(STDIN_FILENO, F_SETOWN, confined_sibling) == -1 ||
	    fcntl(STDIN_FILENO, F_SETFL, O_ASYNC | O_NONBLOCK) == -1)
		return errno;
	return send(confined_client[1], "x", 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

static int
set_owner(void)
{
	return confined_result(fcntl(STDIN_FILENO, F_SETOWN, confined_sibling));
}

static int
set_owner_ex(void)
{
	struct f_owner_ex to = { F_OWNER_PID, confined_sibling };

	return confined_result(fcntl(STDIN_FILENO, F_SETOWN_EX, &to));
}

static int
set_signal(void)
{
	return confined_result(fcntl(STDIN_FILENO, F_SETSIG, SIGKILL));
}

static int
set_async(void)
{
	return confined_result(
	    fcntl(STDIN_FILENO, F_SETFL, O_ASYNC | O_NONBLOCK));
}

static int
signal_oneself(void)
{
	(void)raise(SIGTERM);
	return EINVAL;
}

static int
abort_is_abort(void)
{
	abort();
}

/* SIGXCPU, and then SIGKILL. */
static int
limit_sibling(void)
{
	struct rlimit r = { 0, 0 };

	return confined_result(prlimit(confined_sibling, RLIMIT_CPU, &r, NULL));
}

static int
read_own_limit(void)
{
	struct rlimit r;

	return confined_result(prlimit(0, RLIMIT_NOFILE, NULL, &r));
}

/* ---- the log ---- */

static int
clear_append(void)
{
	return confined_result(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK));
}

static int
clear_append_by_upper_half(void)
{
	return confined_result(
	    syscall(SYS_fcntl, (1UL << 32) | STDERR_FILENO, F_SETFL, 0UL));
}

static int
clear_append_of(int fd)
{
	return fd == -1 ? errno
			: confined_result(fcntl(fd, F_SETFL, O_NONBLOCK));
}

static int
clear_append_by_dup(void)
{
	return clear_append_of(dup(STDERR_FILENO));
}

static int
clear_append_by_dup2(void)
{
	return clear_append_of(dup2(STDERR_FILENO, STDIN_FILENO));
}

static int
clear_append_by_dupfd(void)
{
	return clear_append_of(fcntl(STDERR_FILENO, F_DUPFD, 3));
}

static int
clear_append_by_dupfd_cloexec(void)
{
	return clear_append_of(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
}

/* To itself, as stolen from a peer who would send it back. */
static int
pass_log(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} u = { .head = { .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS,
		    .cmsg_len = CMSG_LEN(sizeof(int)) } };
	const int fd = STDERR_FILENO;
	struct iovec v = { (char[]){ 'x' }, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = u.room,
		.msg_controllen = sizeof(u.room) };

	memcpy(CMSG_DATA(&u.head), &fd, sizeof(fd));
	return confined_result(sendmsg(STDIN_FILENO, &m, MSG_NOSIGNAL));
}

static int
hang_up_log(void)
{
	return confined_result(shutdown(STDERR_FILENO, SHUT_RDWR)) == EACCES
		   ? EACCES
		   : 0;
}

static int
cut_log(void)
{
	return confined_result(ftruncate(STDERR_FILENO, 0));
}

static int
lock_log(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return confined_result(fcntl(STDERR_FILENO, F_SETLK, &l));
}

static int
lease_log(void)
{
	return confined_result(fcntl(confined_log, F_SETLEASE, F_UNLCK));
}

static int
write_log(void)
{
	return write(STDERR_FILENO, "x", 1) == 1 ? 0 : errno;
}

/* ---- other descriptors ---- */

static int
set_nonblock(void)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	return flags == -1 ? errno
			   : confined_result(fcntl(
				 STDIN_FILENO, F_SETFL, flags | O_NONBLOCK));
}

static int
set_nonblock_far(void)
{
	int flags = fcntl(40, F_GETFL);

	return flags == -1
		   ? errno
		   : confined_result(fcntl(40, F_SETFL, flags | O_NONBLOCK));
}

static int
watch_folder(void)
{
	return confined_result(fcntl(STDIN_FILENO, F_NOTIFY, 0)) == EACCES
		   ? EACCES
		   : 0;
}

static int
size_pipe(void)
{
	return confined_result(fcntl(STDIN_FILENO, F_SETPIPE_SZ, 4096)) ==
		       EACCES
		   ? EACCES
		   : 0;
}

/* ---- the cases ---- */

static const struct attempt attempts[] = {
	{ "tgkill a sibling", ALL, tgkill_sibling, EACCES, false },
	{ "tgkill by the upper half", ALL, tgkill_by_upper_half, EACCES,
	    false },
	{ "tgkill who made the filter", ALL, tgkill_maker, EACCES, false },
	{ "tkill a sibling", ALL, tkill_sibling, EACCES, false },
	{ "a signal by a descriptor", ALL, signal_by_descriptor, EACCES,
	    false },
	{ "F_SETOWN", ALL, set_owner, EACCES, false },
	{ "F_SETOWN_EX", ALL, set_owner_ex, EACCES, false },
	{ "F_SETSIG", ALL, set_signal, EACCES, false },
	{ "O_ASYNC", ALL, set_async, EACCES, false },
	{ "a signal to oneself works", ALL, signal_oneself, -SIGTERM, false },
	{ "abort is SIGABRT", ALL, abort_is_abort, -SIGABRT, false },
	{ "a limit for a sibling", ALL, limit_sibling, EACCES, true },
	{ "our own limit can be read", ALL, read_own_limit, 0, false },
	{ "the log: O_APPEND", D | T, clear_append, EACCES, false },
	{ "the log: O_APPEND by the upper half", D | T,
	    clear_append_by_upper_half, EACCES, false },
	{ "the log: dup", D | T, clear_append_by_dup, EACCES, false },
	{ "the log: dup2", D | T, clear_append_by_dup2, EACCES, false },
	{ "the log: F_DUPFD", D | T, clear_append_by_dupfd, EACCES, false },
	{ "the log: F_DUPFD_CLOEXEC", D | T, clear_append_by_dupfd_cloexec,
	    EACCES, false },
	{ "the log: passed on", D | T, pass_log, EACCES, false },
	{ "the log: hung up", ALL, hang_up_log, EACCES, false },
	{ "the log: cut", D | T, cut_log, EACCES, false },
	{ "the log: a lock", D | T, lock_log, EACCES, false },
	{ "the log: a lease", ALL, lease_log, EACCES, false },
	{ "the log: writing works", ALL, write_log, 0, false },
	{ "O_NONBLOCK works", ALL, set_nonblock, 0, false },
	{ "O_NONBLOCK works on any", ALL, set_nonblock_far, 0, false },
	{ "F_NOTIFY", ALL, watch_folder, EACCES, false },
	{ "F_SETPIPE_SZ", ALL, size_pipe, EACCES, false },
};

static void
every_attempt_ends_as_it_should(void **state)
{
	(void)state;
	assert_int_equal(
	    confined_wrong(attempts, sizeof(attempts) / sizeof(attempts[0])),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attempt_ends_as_it_should),
	};

	return cmocka_run_group_tests_name(
	    "syscalls_args", tests, confined_prepare, confined_leave);
}
