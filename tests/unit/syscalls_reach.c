/* SPDX-License-Identifier: ISC */
/*
 * What a process that was taken over could reach by the sockets that it has,
 * and ask of the kernel, by calls that it may make for itself.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cmocka.h>

#include "common/memfile.h"
#include "tests/unit/confined_rig.h"

static int datagram;
static struct sockaddr_un mailbox; /* where another datagram socket waits */
static int mailbox_fd;
static int tcp, connected; /* of which one is not, the other is */
static struct sockaddr_in there;
static int memory;

static int
seal(void)
{
	struct err e;

	return memfile_seal(memory, &e) == 0 ? 0 : errno;
}

static int
hang_up_client(void)
{
	return confined_result(shutdown(STDOUT_FILENO, SHUT_WR));
}

static int
set_option(int fd, int level, int name, int value)
{
	return confined_result(
	    setsockopt(fd, level, name, &value, sizeof(value)));
}

static int
set_no_delay(void)
{
	return set_option(connected, IPPROTO_TCP, TCP_NODELAY, 1);
}

static int
set_buffer(void)
{
	return set_option(STDIN_FILENO, SOL_SOCKET, SO_SNDBUF, 1);
}

static int
set_filter(void)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop };

	return confined_result(setsockopt(STDIN_FILENO, SOL_SOCKET,
	    SO_ATTACH_FILTER, &program, sizeof(program)));
}

static int
set_interface(void)
{
	return confined_result(
	    setsockopt(connected, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
}

/* ---- to whom nobody has connected it ---- */

static int
connect_by_sending(void)
{
	return confined_result(sendto(tcp, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)&there, sizeof(there)));
}

static int
connect_by_message(void)
{
	struct iovec v = { (char[]){ 'x' }, 1 };
	struct msghdr m = { .msg_name = &there,
		.msg_namelen = sizeof(there),
		.msg_iov = &v,
		.msg_iovlen = 1 };

	return confined_result(sendmsg(tcp, &m, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int
send_elsewhere(void)
{
	return confined_result(sendto(datagram, "x", 1, MSG_NOSIGNAL,
	    (struct sockaddr *)&mailbox, sizeof(mailbox)));
}

static int
send_urgent(void)
{
	return confined_result(send(connected, "x", 1, MSG_OOB | MSG_NOSIGNAL));
}

static int
send_as_we_do(void)
{
	return confined_result(
	    send(connected, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* ---- memory and locks ---- */

static int
advise(int advice)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? EIO
			       : confined_result(madvise(p, 4096, advice));
}

static int
advise_merging(void)
{
	int error = advise(MADV_MERGEABLE);

	return error == EACCES ? EACCES : 0;
}

static int
advise_dropping(void)
{
	return advise(MADV_DONTNEED);
}

static int
wake_nobody(void)
{
	static uint32_t word;

	return confined_result(
	    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

static int
lock_by_priority(void)
{
	static uint32_t word;

	return confined_result(
	    syscall(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
}

static int
bar_memory(void)
{
	return confined_result(syscall(SYS_membarrier, 1, 0, 0)); /* GLOBAL */
}

/* ---- the cases ---- */

static const struct attempt attempts[] = {
	{ "F_ADD_SEALS", D | Q, seal, EACCES, false },
	{ "sealing a token works", T, seal, 0, false },
	{ "hanging up works", D, hang_up_client, 0, false },
	{ "TCP_NODELAY works", D | T, set_no_delay, 0, false },
	{ "SO_SNDBUF", ALL, set_buffer, EACCES, false },
	{ "SO_ATTACH_FILTER", ALL, set_filter, EACCES, false },
	{ "SO_BINDTODEVICE", ALL, set_interface, EACCES, false },
	{ "connect by MSG_FASTOPEN", ALL, connect_by_sending, EACCES, false },
	{ "connect by sendmsg", ALL, connect_by_message, EACCES, false },
	{ "a datagram to elsewhere", ALL, send_elsewhere, EACCES, false },
	{ "MSG_OOB", ALL, send_urgent, EACCES, false },
	{ "sending works", ALL, send_as_we_do, 0, false },
	{ "MADV_MERGEABLE", ALL, advise_merging, EACCES, true },
	{ "MADV_DONTNEED works", ALL, advise_dropping, 0, false },
	{ "FUTEX_WAKE works", ALL, wake_nobody, 0, false },
	{ "FUTEX_LOCK_PI", ALL, lock_by_priority, EACCES, false },
	{ "membarrier", ALL, bar_memory, EACCES, false },
};

/* ---- sockets ---- */

static int
make_tcp(void)
{
	socklen_t len = sizeof(there);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	there.sin_family = AF_INET;
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	connected = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&there, sizeof(there)) == -1 ||
	    listen(fd, 100) == -1 ||
	    getsockname(fd, (struct sockaddr *)&there, &len) == -1)
		return -1;
	return connect(connected, (struct sockaddr *)&there, sizeof(there));
}

/* By an abstract address, of which there is no file to sweep. */
static int
make_mailbox(void)
{
	socklen_t len = sizeof(mailbox);

	datagram = socket(AF_UNIX, SOCK_DGRAM, 0);
	mailbox_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	mailbox.sun_family = AF_UNIX;
	snprintf(mailbox.sun_path + 1, sizeof(mailbox.sun_path) - 1,
	    "mailchute-%ld", (long)getpid());
	return bind(mailbox_fd, (struct sockaddr *)&mailbox, len);
}

/* After all: an attempt that succeeded would have sent something there. */
static void
no_stranger_heard(void **state)
{
	char c;

	(void)state;
	assert_int_equal(recv(mailbox_fd, &c, 1, MSG_DONTWAIT), -1);
}

static int
prepare(void **state)
{
	memory = memfile_new("test", NULL);
	return memory != -1 && make_tcp() == 0 && make_mailbox() == 0
		   ? confined_prepare(state)
		   : -1;
}

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
		cmocka_unit_test(no_stranger_heard),
	};

	return cmocka_run_group_tests_name(
	    "syscalls_reach", tests, prepare, confined_leave);
}
