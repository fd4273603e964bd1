/* SPDX-License-Identifier: ISC */
/*
 * seccomp: which calls a process may still make.
 *
 * Lists of calls hold more than was seen in use: another libc, another
 * version of OpenSSL or SQLite calls others.  What is left out is what would
 * widen a break-in: new programs, processes, sockets, keys, mounts, debugging.
 * Where it depends on what is asked of a call, syscalls_args.c has it.
 */
#include "config.h"

#include <sys/prctl.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <linux/seccomp.h>
#include <seccomp.h>

#include "common/memfile.h"
#include "common/sanitizer.h"
#include "common/syscalls.h"
#include "common/syscalls_args.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define SC(name) SCMP_SYS(name)

/* Memory, time, signals, and descriptors that are open already. */
static const int calls_common[] = {
	SC(brk), SC(clock_getres), SC(clock_gettime), SC(clock_gettime64),
	SC(clock_nanosleep), SC(clock_nanosleep_time64), SC(close), SC(exit),
	SC(exit_group), SC(fstat), SC(fstat64), SC(fstatat64), SC(getegid),
	SC(geteuid), SC(getgid), SC(getpeername), SC(getpid), SC(getppid),
	SC(getrandom), SC(getrlimit), SC(getrusage), SC(getsockname),
	SC(getsockopt), SC(gettid), SC(gettimeofday), SC(getuid), SC(lseek),
	SC(_llseek), SC(mremap), SC(munmap), SC(nanosleep), SC(newfstatat),
	SC(poll), SC(ppoll), SC(ppoll_time64), SC(pread64), SC(pselect6),
	SC(read), SC(readv), SC(recv), SC(recvfrom), SC(recvmsg),
	SC(restart_syscall), SC(rseq), SC(rt_sigaction), SC(rt_sigpending),
	SC(rt_sigprocmask), SC(rt_sigreturn), SC(rt_sigtimedwait),
	SC(sched_getaffinity), SC(sched_yield), SC(select),
	SC(set_robust_list), SC(sigaltstack), SC(sigreturn), SC(statx),
	SC(sysinfo), SC(time), SC(ugetrlimit), SC(uname), SC(write),
	SC(writev),
};

/* SQLite, libevent, and the handling of files below our folders. */
static const int calls_queue[] = {
	SC(accept), SC(accept4), SC(access), SC(bind), SC(chmod), SC(connect),
	SC(copy_file_range), SC(dup), SC(dup2), SC(dup3), SC(epoll_create),
	SC(epoll_create1), SC(epoll_ctl), SC(epoll_pwait), SC(epoll_pwait2),
	SC(epoll_wait), SC(eventfd2), SC(faccessat), SC(faccessat2),
	SC(fadvise64), SC(fallocate), SC(fchmod), SC(fchmodat), SC(fchown),
	SC(fchownat), SC(fdatasync), SC(flock), SC(fstatfs), SC(fstatfs64),
	SC(fsync), SC(ftruncate), SC(ftruncate64), SC(getcwd), SC(getdents),
	SC(getdents64), SC(getgroups), SC(inotify_add_watch),
	SC(inotify_init1), SC(inotify_rm_watch), SC(link), SC(linkat),
	SC(listen), SC(lstat), SC(lstat64), SC(mincore), SC(mkdir),
	SC(mkdirat), SC(msync), SC(open), SC(openat), SC(pipe), SC(pipe2),
	SC(preadv), SC(pwrite64), SC(pwritev), SC(readlink), SC(readlinkat),
	SC(rename), SC(renameat), SC(renameat2), SC(rmdir), SC(signalfd4),
	SC(stat), SC(stat64), SC(statfs), SC(statfs64), SC(sync_file_range),
	SC(syncfs), SC(timerfd_create), SC(timerfd_gettime),
	SC(timerfd_settime), SC(umask), SC(unlink), SC(unlinkat),
	SC(utimensat),
};

/* A refresh token takes the place of the one before. */
static const int calls_token[] = {
	SC(fsync), SC(renameat), SC(renameat2), SC(unlinkat),
};

/*
 * No program of ours has a reason to call these, nor has a library: the
 * process is taken over, and dies.
 */
static const int calls_deadly[] = {
	SC(add_key), SC(bpf), SC(chroot), SC(clone), SC(clone3),
	SC(delete_module), SC(execve), SC(execveat), SC(finit_module),
	SC(fork), SC(init_module), SC(io_uring_setup), SC(kexec_file_load),
	SC(kexec_load), SC(keyctl), SC(mount), SC(open_by_handle_at),
	SC(perf_event_open), SC(personality), SC(pivot_root), SC(process_vm_readv),
	SC(process_vm_writev), SC(ptrace), SC(reboot), SC(request_key),
	SC(setns), SC(umount2), SC(unshare), SC(userfaultfd), SC(vfork),
};

/* AddressSanitizer's own, and what it needs to print a report. */
static const int calls_sanitizer[] = {
	SC(arch_prctl), SC(ioctl), SC(madvise), SC(mmap), SC(mprotect),
	SC(open), SC(openat), SC(prctl), SC(prlimit64), SC(readlink),
	SC(readlinkat), SC(stat),
};
/* clang-format on */

/*
 * A call that this architecture lacks has no number and gets no rule.  One
 * that has a rule already keeps it (EEXIST); an action that is the default
 * needs none (EACCES).
 */
static int
add(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		if (calls[i] < 0)
			continue;
		rc = seccomp_rule_add(ctx, action, calls[i], 0);
		if (rc != 0 && rc != -EEXIST && rc != -EACCES)
			return rc;
	}
	return 0;
}

/* See sandbox_forbids_connect. */
static int
add_token(scmp_filter_ctx ctx, bool strict, size_t npaths)
{
	int rc = 0;

	if (strict && SC(connect) >= 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(EINPROGRESS), SC(connect), 0);
	if (rc == 0 && npaths > 0)
		rc = add(ctx, SCMP_ACT_ALLOW, calls_token, COUNT(calls_token));
	return rc;
}

static int
add_profile(scmp_filter_ctx ctx, enum sandbox_profile profile, bool strict,
    size_t npaths)
{
	int rc = 0;

	switch (profile) {
	case SANDBOX_DELIVER:
		if (npaths > 0)
			rc = syscalls_add_reading(ctx);
		break;
	case SANDBOX_TOKEN:
		rc = add_token(ctx, strict, npaths);
		break;
	case SANDBOX_QUEUE:
		rc = add(ctx, SCMP_ACT_ALLOW, calls_queue, COUNT(calls_queue));
		break;
	}
	return rc;
}

/*
 * Whatever no list names is refused, not punished: a logger that was
 * started anew takes a new socket, stdio asks whether it writes to a terminal,
 * and a newer libc tries newer calls before it does without.
 */
static int
fill(scmp_filter_ctx ctx, enum sandbox_profile profile, bool strict,
    size_t npaths, pid_t self)
{
	int rc;

	rc = add(ctx, SCMP_ACT_ALLOW, calls_common, COUNT(calls_common));
	if (rc == 0 && SANITIZED)
		rc = add(ctx, SCMP_ACT_ALLOW, calls_sanitizer,
		    COUNT(calls_sanitizer));
	if (rc == 0)
		rc = syscalls_add_args(ctx, profile, self);
	if (rc == 0)
		rc = add_profile(ctx, profile, strict, npaths);
	if (rc == 0)
		rc = add(ctx, strict ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG,
		    calls_deadly, COUNT(calls_deadly));
	return rc;
}

static scmp_filter_ctx
build(enum sandbox_profile profile, enum sandbox_mode mode, size_t npaths,
    pid_t self)
{
	bool strict = mode == SANDBOX_STRICT;
	scmp_filter_ctx ctx;
	int rc;

	ctx = seccomp_init(strict ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_LOG);
	if (ctx == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	/*
	 * The kernel walks the program for each call there is when it takes it,
	 * which is most of what the filter costs a listener's client: half of
	 * that by a tree.  Where none can be had, a list says the same.
	 */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if ((rc = fill(ctx, profile, strict, npaths, self)) == 0)
		return ctx;
	seccomp_release(ctx);
	errno = -rc;
	return NULL;
}

static int
fail(struct err *e)
{
	return err_errno(e, ERR_LOCAL, "4.3.5",
	    "sandbox: the kernel took no seccomp filter; "
	    "sandbox.mode = off does without");
}

int
syscalls_enter(enum sandbox_profile profile, enum sandbox_mode mode,
    size_t npaths, struct err *e)
{
	scmp_filter_ctx ctx = build(profile, mode, npaths, getpid());
	int rc;

	if (ctx == NULL)
		return fail(e);
	rc = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = -rc;
	return rc == 0 ? 0 : fail(e);
}

/* ---- made beforehand ---- */

/*
 * Whose filter it is, before anybody has it: far above any pid (2^22), and no
 * other number that a filter compares with.
 */
#define NOBODY_YET 0x7ffffa5a

/* How often that was compared with; from here on it is self. */
static unsigned
belong_to(struct syscalls *s, pid_t self)
{
	unsigned i, n = 0;

	for (i = 0; i < s->n; i++)
		if (s->code[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    s->code[i].k == NOBODY_YET) {
			s->code[i].k = (uint32_t)self;
			n++;
		}
	return n;
}

/* Half of one the kernel would refuse: its jumps would lead nowhere. */
static int export(scmp_filter_ctx ctx, struct syscalls *s)
{
	int fd = memfile_new("filter", NULL);
	ssize_t n = -1;

	if (fd == -1)
		return -1;
	if (seccomp_export_bpf(ctx, fd) == 0)
		n = pread(fd, s->code, sizeof(s->code), 0);
	close(fd);
	if (n <= 0 || n == (ssize_t)sizeof(s->code))
		return -1;
	s->n = (unsigned short)((size_t)n / sizeof(s->code[0]));
	return 0;
}

int
syscalls_make(
    struct syscalls *s, enum sandbox_profile profile, enum sandbox_mode mode)
{
	scmp_filter_ctx ctx = build(profile, mode, 0, NOBODY_YET);
	int rc;

	if (ctx == NULL)
		return -1;
	rc = export(ctx, s);
	seccomp_release(ctx);
	/* One that libseccomp writes in another way is made by each anew. */
	return rc == 0 && belong_to(s, NOBODY_YET) > 0 ? 0 : -1;
}

int
syscalls_enter_made(const struct syscalls *s, struct err *e)
{
	struct syscalls own = *s;
	const struct sock_fprog program = { own.n, own.code };

	belong_to(&own, getpid());
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0
		   ? 0
		   : fail(e);
}
