/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on Linux: no_new_privs, limits, Landlock (which files), seccomp
 * (which calls).  Landlock is used as far as the running kernel knows it; where
 * it is missing, seccomp alone holds, and SANDBOX_DELIVER opens no file at all.
 *
 * Lists of calls hold more than was seen in use: another libc, another
 * version of OpenSSL or SQLite calls others.  What is left out is what would
 * widen a break-in: new programs, processes, sockets, keys, mounts, debugging.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/landlock.h>
#include <seccomp.h>

#include "common/sandbox.h"
#include "common/sanitizer.h"

#if SANITIZED
/*
 * LeakSanitizer asks this at exit.  It looks for leaks by a process that traces
 * us, which the sandbox forbids; outside of it, leaks are looked for.
 */
int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- limits ---- */

/*
 * Address space of deliver: its libraries take 30 MiB, a message none of it
 * beyond its buffers.
 */
#define DELIVER_AS (512UL * 1024 * 1024)

static void
limit(int resource, rlim_t value)
{
	struct rlimit r = { value, value };

	/* May fail where a lower one is in force already: fine. */
	(void)setrlimit(resource, &r);
}

void
sandbox_hide_memory(void)
{
	limit(RLIMIT_CORE, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void
set_limits(enum sandbox_profile profile)
{
	struct stat st;

	sandbox_hide_memory();
	/* Shadow memory, a process to look for leaks, a file to tell of them */
	if (SANITIZED)
		return;
	limit(RLIMIT_NPROC, 0);
	if (profile != SANDBOX_DELIVER)
		return;
	limit(RLIMIT_AS, DELIVER_AS);
	/* A log in a file is the one thing that deliver writes to a disk. */
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return;
	(void)signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 0);
}

/* ---- Landlock ---- */

/*
 * The kernel's interface, as of ABI 6.  We carry our own struct and bits, since
 * a header of the build host may be older than the kernel that runs.
 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};
#define FS_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_ALL      UINT64_C(3)         /* ABI 4: bind, connect TCP */
#define SCOPED_ALL   UINT64_C(3)         /* ABI 6: abstract sockets, signals */
#define FS_ABI_1     ((UINT64_C(1) << 13) - 1)
#define FS_READ      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	    LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_OF_FILE \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    FS_TRUNCATE)

/* The highest version of the interface that this kernel speaks; 0: none. */
static int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 1 ? 0 : (int)abi;
}

/* All that this ABI can forbid. */
static struct ruleset_attr
all_of(int abi)
{
	struct ruleset_attr a = { FS_ABI_1, 0, 0 };

	if (abi >= 2)
		a.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = NET_ALL;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPED_ALL;
	return a;
}

static size_t
attr_size(int abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset_attr);
	return abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int
allow_path(
    int ruleset, const struct sandbox_path *p, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = FS_READ };
	struct stat st;
	int rc = 0;

	if ((p->rights & SANDBOX_WRITE) != 0)
		rule.allowed_access |= FS_WRITE;
	rule.allowed_access &= handled;
	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "sandbox: opening %s", p->path);
	/* A right that only folders have makes the kernel refuse the rule. */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == -1)
		rc = err_errno(e, ERR_LOCAL, "4.3.5",
		    "sandbox: Landlock refused a rule for %s", p->path);
	close(rule.parent_fd);
	return rc;
}

static int
enter_landlock(
    int abi, const struct sandbox_path *paths, size_t npaths, struct err *e)
{
	struct ruleset_attr attr = all_of(abi);
	int ruleset, rc = -1;
	size_t i;

	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size(abi), 0);
	if (ruleset == -1)
		return err_errno(e, ERR_LOCAL, "4.3.5",
		    "sandbox: Landlock made no rule set");
	for (i = 0; i < npaths; i++)
		if (allow_path(ruleset, &paths[i], attr.fs, e) == -1)
			goto out;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.5", "sandbox: Landlock");
		goto out;
	}
	rc = 0;
out:
	close(ruleset);
	return rc;
}

bool
sandbox_keeps_paths(enum sandbox_mode mode)
{
	return mode != SANDBOX_STRICT || landlock_abi() > 0;
}

/* ---- seccomp ---- */

/* clang-format off */
#define SC(name) SCMP_SYS(name)

/* Memory, time, signals, and descriptors that are open already. */
static const int calls_common[] = {
	SC(brk), SC(clock_getres), SC(clock_gettime), SC(clock_nanosleep),
	SC(close), SC(dup), SC(exit), SC(exit_group), SC(fcntl), SC(fcntl64),
	SC(fstat), SC(fstat64), SC(fstatat64), SC(futex), SC(futex_time64),
	SC(getegid), SC(geteuid), SC(getgid), SC(getpeername), SC(getpid),
	SC(getppid), SC(getrandom), SC(getrlimit), SC(getrusage),
	SC(getsockname), SC(getsockopt), SC(gettid), SC(gettimeofday),
	SC(getuid), SC(lseek), SC(_llseek), SC(madvise), SC(membarrier),
	SC(mremap), SC(munmap), SC(nanosleep), SC(newfstatat), SC(poll),
	SC(ppoll), SC(ppoll_time64), SC(pread64), SC(read), SC(readv),
	SC(recvfrom), SC(recvmsg), SC(restart_syscall), SC(rseq),
	SC(rt_sigaction), SC(rt_sigpending), SC(rt_sigprocmask),
	SC(rt_sigreturn), SC(rt_sigtimedwait), SC(sched_getaffinity),
	SC(sched_yield), SC(select), SC(pselect6), SC(sendmsg), SC(sendto),
	SC(set_robust_list), SC(setsockopt), SC(shutdown), SC(sigaltstack),
	SC(sigreturn), SC(statx), SC(sysinfo), SC(tgkill), SC(time), SC(uname),
	SC(ugetrlimit), SC(write), SC(writev), SC(clock_gettime64),
	SC(clock_nanosleep_time64), SC(send), SC(recv),
};

/* SQLite, libevent, and the handling of files below our folders. */
static const int calls_queue[] = {
	SC(accept), SC(accept4), SC(access), SC(bind), SC(chmod), SC(connect),
	SC(copy_file_range), SC(dup2), SC(dup3), SC(epoll_create),
	SC(epoll_create1), SC(epoll_ctl), SC(epoll_pwait), SC(epoll_pwait2),
	SC(epoll_wait), SC(eventfd2), SC(faccessat), SC(faccessat2),
	SC(fadvise64), SC(fallocate), SC(fchmod), SC(fchmodat), SC(fchown),
	SC(fchownat), SC(fdatasync), SC(flock), SC(fstatfs), SC(fstatfs64),
	SC(fsync), SC(ftruncate), SC(ftruncate64), SC(getcwd), SC(getdents),
	SC(getdents64), SC(getgroups), SC(inotify_add_watch),
	SC(inotify_init1), SC(inotify_rm_watch), SC(link), SC(linkat),
	SC(listen), SC(lstat), SC(lstat64), SC(mincore), SC(mkdir),
	SC(mkdirat), SC(msync), SC(open), SC(openat), SC(pipe), SC(pipe2),
	SC(preadv), SC(prlimit64), SC(pwrite64), SC(pwritev), SC(readlink),
	SC(readlinkat), SC(rename), SC(renameat), SC(renameat2), SC(rmdir),
	SC(signalfd4), SC(stat), SC(stat64), SC(statfs), SC(statfs64),
	SC(sync_file_range), SC(syncfs), SC(timerfd_create),
	SC(timerfd_gettime), SC(timerfd_settime), SC(umask), SC(unlink),
	SC(unlinkat), SC(utimensat),
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
	SC(arch_prctl), SC(ioctl), SC(mmap), SC(mprotect), SC(open), SC(openat),
	SC(prctl), SC(prlimit64), SC(readlink), SC(readlinkat), SC(stat),
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

/* Memory that is both ours and code would let a break-in bring its own. */
static int
add_memory(scmp_filter_ctx ctx)
{
	static const int calls[] = { SC(mmap), SC(mmap2), SC(mprotect) };
	size_t i;
	int rc;

	for (i = 0; i < COUNT(calls); i++) {
		if (calls[i] < 0)
			continue;
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Certificates by their hash: files of those folders, to read. */
static int
add_reading(scmp_filter_ctx ctx)
{
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND |
				     (O_TMPFILE & ~O_DIRECTORY);
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SC(openat), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	if (rc == 0 && SC(open) >= 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SC(open), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	return rc;
}

static int
add_unix_sockets(scmp_filter_ctx ctx)
{
	static const int calls[] = { SC(socket), SC(socketpair) };
	size_t i;
	int rc;

	for (i = 0; i < COUNT(calls); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 1,
		    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
add_profile(scmp_filter_ctx ctx, enum sandbox_profile profile, size_t npaths)
{
	int rc = 0;

	switch (profile) {
	case SANDBOX_DELIVER:
		if (npaths > 0)
			rc = add_reading(ctx);
		break;
	case SANDBOX_QUEUE:
		rc = add(ctx, SCMP_ACT_ALLOW, calls_queue, COUNT(calls_queue));
		if (rc == 0)
			rc = add_unix_sockets(ctx);
		break;
	}
	return rc;
}

/*
 * Whatever no list names is refused, not punished: syslog(3) opens a new
 * socket when its old one broke, stdio asks whether it writes to a terminal,
 * and a newer libc tries newer calls before it does without.
 */
static int
enter_seccomp(enum sandbox_profile profile, enum sandbox_mode mode,
    size_t npaths, struct err *e)
{
	bool strict = mode == SANDBOX_STRICT;
	scmp_filter_ctx ctx;
	int rc;

	ctx = seccomp_init(strict ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_LOG);
	if (ctx == NULL)
		return err_set(
		    e, ERR_LOCAL, "4.3.5", "sandbox: libseccomp failed");
	rc = add(ctx, SCMP_ACT_ALLOW, calls_common, COUNT(calls_common));
	if (rc == 0 && SANITIZED)
		rc = add(ctx, SCMP_ACT_ALLOW, calls_sanitizer,
		    COUNT(calls_sanitizer));
	if (rc == 0 && !SANITIZED)
		rc = add_memory(ctx);
	if (rc == 0)
		rc = add_profile(ctx, profile, npaths);
	if (rc == 0)
		rc = add(ctx, strict ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG,
		    calls_deadly, COUNT(calls_deadly));
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc == 0)
		return 0;
	errno = -rc;
	return err_errno(e, ERR_LOCAL, "4.3.5",
	    "sandbox: the kernel took no seccomp filter; "
	    "sandbox.mode = off does without");
}

int
sandbox_enter(enum sandbox_profile profile, enum sandbox_mode mode,
    const struct sandbox_path *paths, size_t npaths,
    char told[SANDBOX_TOLD_MAX], struct err *e)
{
	int abi = mode == SANDBOX_STRICT ? landlock_abi() : 0;

	/* Without Landlock a path cannot be kept: deliver opens none. */
	if (profile == SANDBOX_DELIVER && !sandbox_keeps_paths(mode))
		npaths = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "sandbox: no_new_privs");
	set_limits(profile);
	if (abi > 0 && enter_landlock(abi, paths, npaths, e) == -1)
		return -1;
	if (mode != SANDBOX_OFF &&
	    enter_seccomp(profile, mode, npaths, e) == -1)
		return -1;
	if (mode == SANDBOX_OFF)
		strlcpy(told, "off", SANDBOX_TOLD_MAX);
	else if (abi == 0)
		strlcpy(told,
		    mode == SANDBOX_LOG ? "seccomp, logging only"
					: "seccomp; the kernel has no Landlock",
		    SANDBOX_TOLD_MAX);
	else
		snprintf(
		    told, SANDBOX_TOLD_MAX, "seccomp, Landlock ABI %d", abi);
	return 0;
}
