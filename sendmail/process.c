/* SPDX-License-Identifier: ISC */
/*
 * The caller's process made sane.  sendmail is started by cron, by web
 * servers, by mail readers with closed outputs and ignored signals, and by
 * whoever wishes it ill; what it inherits is settled here, once, before
 * anything else runs.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/sanitizer.h"
#include "common/xalloc.h"
#include "sendmail/process.h"

/* What of the environment is kept: the time zone and Sendmail's NAME. */
static const char *const kept[] = { SANITIZER_VARIABLES "TZ", "NAME" };
#define KEPT (sizeof(kept) / sizeof(kept[0]))

extern char **environ;

/*
 * Opens what is closed of 0, 1 and 2: the first file opened later would take
 * such a number, and a message to the user would go into it.  Standard input
 * is opened for writing only, so that reading it fails: a closed input must
 * not become an empty mail.
 */
static void
open_standard(void)
{
	int fd, opened;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		/* The lowest free number is fd, since those below are open. */
		opened = open(_PATH_DEVNULL, O_WRONLY | O_NOCTTY);
		if (opened != fd)
			_exit(EX_OSERR);
	}
}

#ifdef HAVE_CLOSE_RANGE
static void
close_others(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == -1)
		closefrom(STDERR_FILENO + 1); /* a kernel before 5.9 */
}
#else
static void
close_others(void)
{
	closefrom(STDERR_FILENO + 1);
}
#endif

/*
 * bsd-mailx starts us with half of the signals ignored, and a mask and a
 * pending alarm survive exec as well.  HUP, INT and QUIT stay ignored where
 * they are: somebody said nohup, or has put us into the background.
 */
static void
reset_signals(void)
{
	static const int numbers[] = { SIGABRT, SIGALRM, SIGBUS, SIGCHLD,
		SIGCONT, SIGFPE, SIGILL, SIGPROF, SIGSEGV, SIGTERM, SIGTSTP,
		SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU };
	struct sigaction sa;
	sigset_t none;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	/* sigaction fails for a bad number only, and these are none. */
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
	alarm(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Nothing of ours is installed set-id.  Where somebody has done so all the
 * same, the rights beyond the caller's go before a line of his is read.
 */
static void
give_up_rights(void)
{
	gid_t gid = getgid();
	uid_t uid = getuid();

	if (getegid() != gid && setresgid(gid, gid, gid) == -1)
		_exit(EX_OSERR);
	if (geteuid() != uid && setresuid(uid, uid, uid) == -1)
		_exit(EX_OSERR);
}

/* A fresh environment; nothing that a library looks for is believed. */
static void
reset_environment(void)
{
	char **fresh = xcalloc(KEPT + 2, sizeof(*fresh));
	const char *value;
	size_t i, n = 0;

	for (i = 0; i < KEPT; i++)
		if ((value = getenv(kept[i])) != NULL)
			fresh[n++] = xasprintf("%s=%s", kept[i], value);
	fresh[n] = xasprintf("PATH=%s", _PATH_STDPATH);
	environ = fresh;
}

/*
 * Limits that a caller lowered are raised as far as he may: a descriptor or
 * two, and files of a message's size.
 */
static void
reset_limits(void)
{
	static const struct rlimit none = { 0, 0 };
	static const int raised[] = { RLIMIT_FSIZE, RLIMIT_NOFILE };
	struct rlimit rl;
	size_t i;

	/* A core would hold the message.  Lowering cannot fail. */
	setrlimit(RLIMIT_CORE, &none);
	for (i = 0; i < sizeof(raised) / sizeof(raised[0]); i++) {
		if (getrlimit(raised[i], &rl) == -1 ||
		    rl.rlim_cur == rl.rlim_max)
			continue;
		rl.rlim_cur = rl.rlim_max;
		/* Best effort; a write that fails later says why. */
		setrlimit(raised[i], &rl);
	}
}

void
process_make_sane(void)
{
	open_standard();
	close_others();
	give_up_rights();
	reset_signals();
	reset_environment();
	reset_limits();
	umask(077);
}
