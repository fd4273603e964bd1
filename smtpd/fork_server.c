/* SPDX-License-Identifier: ISC */
/*
 * The fork server of listeners.  To start smtpd as a program takes 1.5 to 3 ms,
 * most of it for the loading and the first steps of OpenSSL; a copy of one that
 * has them behind it takes 0.2.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_fork.h"
#include "common/proto_listen.h"
#include "smtpd/fork_server.h"
#include "smtpd/sibling.h"

/* The copy's channel takes the place of its original's. */
_Static_assert(FORK_FD == LISTEN_FD, "a copy keeps its original's channel");

/* -1: the parent has closed, or is none of ours. */
static int
take(const char *what, int *fd)
{
	char text[FDPASS_TEXT_MAX];

	if (fdpass_recv(FORK_FD, fd, text, CLOCK_NEVER, NULL) == -1)
		return -1;
	if (*fd != -1 && strcmp(text, what) == 0)
		return 0;
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return -1;
}

/*
 * What else a program of its own would have is as it was in ours: descriptor 2
 * is the log's, the environment, the signals and the umask are those that the
 * parent and main have set.
 */
static void __attribute__((noreturn))
be_a_copy(pid_t parent, int client, int channel, int (*serve)(void))
{
	if (sibling_bind(parent) == -1 || dup2(client, STDIN_FILENO) == -1 ||
	    dup2(client, STDOUT_FILENO) == -1 || dup2(channel, LISTEN_FD) == -1)
		_exit(EX_OSERR);
	close(client);
	close(channel);
	sibling_name("smtpd");
	/* What a program has to do at its end is the original's. */
	_exit(serve());
}

int
fork_server_run(int (*serve)(void))
{
	struct fork_answer a = { .pid = -1 };
	pid_t parent = getppid();
	int client = -1, channel = -1;

	sibling_name("smtpd-forks");
	while (take(FORK_CLIENT, &client) == 0) {
		if (take(FORK_CHANNEL, &channel) == -1) {
			close(client);
			break;
		}
		if ((a.pid = sibling_start()) == 0)
			be_a_copy(parent, client, channel, serve);
		a.error = a.pid == -1 ? errno : 0;
		close(client);
		close(channel);
		if (send(FORK_FD, &a, sizeof(a), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(a))
			break;
	}
	return EX_OK;
}
