/* SPDX-License-Identifier: ISC */
/*
 * The sandbox on Linux: no_new_privs, limits, Landlock (landlock.c: which
 * files), seccomp (syscalls.c: which calls).  Where Landlock is missing,
 * seccomp alone holds, and SANDBOX_DELIVER opens no file at all.
 */
#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/landlock.h"
#include "common/sandbox.h"
#include "common/sanitizer.h"
#include "common/syscalls.h"
#include "common/xalloc.h"

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

/* ---- limits ---- */

/*
 * Address space of deliver and token: their libraries take 30 MiB, mail and
 * answers none of it beyond its buffers.
 */
#define DELIVER_AS (512UL * 1024 * 1024)

/* What token writes: an access token to memory, a refresh token to a file. */
#define TOKEN_FSIZE (128UL * 1024)

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
	if (profile == SANDBOX_QUEUE)
		return;
	limit(RLIMIT_AS, DELIVER_AS);
	/* A log in a file is the one thing that deliver writes to a disk. */
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return;
	(void)signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, profile == SANDBOX_TOKEN ? TOKEN_FSIZE : 0);
}

/* ---- all of it ---- */

bool
sandbox_keeps_paths(enum sandbox_mode mode)
{
	return mode != SANDBOX_STRICT || landlock_abi() > 0;
}

bool
sandbox_forbids_connect(enum sandbox_mode mode)
{
	return mode == SANDBOX_STRICT;
}

static void
tell(int abi, enum sandbox_mode mode, char told[SANDBOX_TOLD_MAX])
{
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
}

/* All but the calls, which come last: they forbid what is done here. */
static int
enter_limits(enum sandbox_profile profile, int abi,
    const struct sandbox_path *paths, size_t npaths, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_errno(
		    e, ERR_LOCAL, "4.3.5", "sandbox: no_new_privs");
	set_limits(profile);
	return abi > 0 ? landlock_enter(abi, paths, npaths, e) : 0;
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
	if (enter_limits(profile, abi, paths, npaths, e) == -1)
		return -1;
	if (mode != SANDBOX_OFF &&
	    syscalls_enter(profile, mode, npaths, e) == -1)
		return -1;
	tell(abi, mode, told);
	return 0;
}

/* ---- made beforehand ---- */

struct sandbox_made {
	struct syscalls calls;
};

struct sandbox_made *
sandbox_make(void)
{
	struct sandbox_made *m = xcalloc(1, sizeof(*m));

	if (syscalls_make(&m->calls, SANDBOX_DELIVER, SANDBOX_STRICT) == 0)
		return m;
	sandbox_unmake(m);
	return NULL;
}

void
sandbox_unmake(struct sandbox_made *m)
{
	free(m);
}

int
sandbox_enter_made(
    const struct sandbox_made *m, char told[SANDBOX_TOLD_MAX], struct err *e)
{
	int abi = landlock_abi();

	if (enter_limits(SANDBOX_DELIVER, abi, NULL, 0, e) == -1 ||
	    syscalls_enter_made(&m->calls, e) == -1)
		return -1;
	tell(abi, SANDBOX_STRICT, told);
	return 0;
}
