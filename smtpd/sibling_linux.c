/* SPDX-License-Identifier: ISC */
/*
 * clone(2) with CLONE_PARENT, which no fork(2) of a libc has.  As a call of the
 * kernel's it leaves out what a fork of glibc's does beside it, and all of that
 * is for others than us:
 *
 *   - Handlers of pthread_atfork(3).  We register none, and OpenSSL 3 does not
 *     either: its random numbers are seeded anew where getpid(2) is another
 *     than before (openssl_get_fork_id in crypto/threads_pthread.c,
 *     ossl_prov_drbg_generate in providers/implementations/rands/drbg.c), and
 *     that of a copy is another for as long as the original lives.  So does
 *     libbsd's arc4random(3), which nobody has called by then.
 *   - Locks of malloc(3) and stdio, taken so that no other thread holds them in
 *     the copy.  There is no other thread.
 *   - The thread's number that the libc remembers.  It is used for locks that
 *     know their owner, of which there is one, and was for raise(3) long ago.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "smtpd/sibling.h"

/* clone(2), "C library/kernel differences": who has them the other way round */
#if defined(__s390__) || defined(__CRIS__)
#define CLONE(flags) syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL)
#else
#define CLONE(flags) syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL)
#endif

pid_t
sibling_start(void)
{
	return (pid_t)CLONE((unsigned long)(CLONE_PARENT | SIGCHLD));
}

/* What our own parent's death is to us, a copy does not inherit: prctl(2). */
int
sibling_bind(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	/* It may have died before. */
	return getppid() == parent ? 0 : -1;
}

void
sibling_name(const char *name)
{
	(void)prctl(PR_SET_NAME, name);
}
