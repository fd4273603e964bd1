/* SPDX-License-Identifier: ISC */
/*
 * Fork servers, as the parent sees them.  A place is free again when its
 * process was reaped.
 *
 *	  a client    too many clients, too old,      reaped
 *	none ----> asked ----- a crash, no answer ----> ended ----> none
 *	               renewed: kill
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/proto_fork.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "queue/fork_servers.h"

/* It answers within one; nobody else is served meanwhile. */
#define ANSWER_MS 5000

/* One that was new and failed is not tried again for so long. */
#define REST_MS (60 * 1000)

/* Those that ended wait here for SIGCHLD, which comes between two clients. */
#define PLACES 16

struct server {
	pid_t pid;   /* 0: the place is free */
	int channel; /* -1: it has ended, or was killed */
	enum fork_kind kind;
	unsigned clients;
	int64_t until; /* monotonic */
};

struct fork_servers {
	struct server v[PLACES];
	int64_t rests_until; /* monotonic */
};

struct fork_servers *
fork_servers_new(void)
{
	struct fork_servers *s = xcalloc(1, sizeof(*s));
	size_t i;

	for (i = 0; i < PLACES; i++)
		s->v[i].channel = -1;
	return s;
}

static void
close_channel(struct server *one)
{
	if (one->channel != -1)
		close(one->channel);
	one->channel = -1;
}

void
fork_servers_close(struct fork_servers *s)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		close_channel(&s->v[i]);
}

void
fork_servers_free(struct fork_servers *s)
{
	if (s == NULL)
		return;
	fork_servers_close(s);
	free(s);
}

/* It holds nothing, so that it need not be asked to. */
static void
end(struct server *one)
{
	if (one->channel != -1)
		kill(one->pid, SIGKILL);
	close_channel(one);
}

/* ---- one of them ---- */

static struct server *
find(struct fork_servers *s, enum fork_kind kind)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (s->v[i].channel != -1 && s->v[i].kind == kind)
			return &s->v[i];
	return NULL;
}

static int
start(struct server *one, enum fork_kind kind, struct err *e)
{
	static const char *const options[] = {
		[FORK_USUAL] = "-f", [FORK_OLD] = "-F"
	};
	const char *const argv[] = { PATH_LIBEXEC "/smtpd", options[kind],
		NULL };
	int ends[2];
	struct spawn s = {
		.argv = argv,
		.in = -1,
		.out = -1,
		.log = -1,
		.keep = &ends[1],
		.nkeep = 1,
		.is_told_to_stop = true,
	};
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
	pid = spawn_start(&s, e);
	close(ends[1]);
	if (pid == -1) {
		close(ends[0]);
		return -1;
	}
	*one =
	    (struct server){ pid, ends[0], kind, 0, clock_mono_ms() + FORK_MS };
	return 0;
}

static struct server *
start_in_a_place(struct fork_servers *s, enum fork_kind kind, struct err *e)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (s->v[i].pid == 0)
			return start(&s->v[i], kind, e) == 0 ? &s->v[i] : NULL;
	err_set(e, ERR_TEMP, "4.3.2", "%d have not been reaped", PLACES);
	return NULL;
}

/* ---- a client ---- */

static int
hear(int channel, int64_t deadline, struct fork_answer *a, struct err *e)
{
	struct pollfd p = { .fd = channel, .events = POLLIN };
	ssize_t n;

	do
		n = poll(&p, 1, clock_poll_timeout(deadline));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		return err_set(e, ERR_TEMP, "4.4.2", "no answer came");
	n = recv(channel, a, sizeof(*a), MSG_DONTWAIT);
	if (n == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "its answer");
	if (n != (ssize_t)sizeof(*a) || a->pid == 0 || a->pid < -1)
		return err_set(e, ERR_TEMP, "4.3.0", "it has ended");
	errno = a->error;
	return a->pid == -1 ? err_errno(e, ERR_TEMP, "4.3.0", "clone") : 0;
}

static pid_t
ask(const struct server *one, int client, int channel, int64_t deadline,
    struct err *e)
{
	struct fork_answer a;

	if (fdpass_send(one->channel, client, FORK_CLIENT, deadline, e) == -1 ||
	    fdpass_send(one->channel, channel, FORK_CHANNEL, deadline, e) ==
		-1 ||
	    hear(one->channel, deadline, &a, e) == -1)
		return -1;
	return a.pid;
}

/* One that is slow is worse than none: everybody waits for it. */
static void
fail(
    struct fork_servers *s, bool was_new, int64_t deadline, const struct err *e)
{
	int64_t now = clock_mono_ms();
	bool rests = was_new || now >= deadline;

	if (rests)
		s->rests_until = now + REST_MS;
	log_event(LOG_WARNING, "fork-server", "text", e->text, "next",
	    rests ? "for a minute each client has an smtpd that is started "
		    "for it, which takes longer"
		  : "another one is started",
	    NULL);
}

pid_t
fork_servers_start(struct fork_servers *s, enum fork_kind kind, int client,
    int channel, pid_t *by)
{
	struct server *one = find(s, kind);
	int64_t deadline = clock_mono_ms() + ANSWER_MS;
	bool is_new = one == NULL;
	struct err e;
	pid_t pid = -1;

	if (FORK_SERVERS == 0 || clock_mono_ms() < s->rests_until)
		return -1;
	if (is_new)
		one = start_in_a_place(s, kind, &e);
	if (one != NULL &&
	    (pid = ask(one, client, channel, deadline, &e)) == -1)
		end(one);
	if (pid == -1) {
		fail(s, is_new, deadline, &e);
		return -1;
	}
	*by = one->pid;
	if (++one->clients == FORK_CLIENTS)
		end(one);
	return pid;
}

/* ---- the parent's loop ---- */

void
fork_servers_doubt(struct fork_servers *s, pid_t by)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (s->v[i].pid == by)
			end(&s->v[i]);
}

void
fork_servers_renew(struct fork_servers *s)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		end(&s->v[i]);
	s->rests_until = 0;
}

void
fork_servers_tick(struct fork_servers *s, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (now_ms >= s->v[i].until)
			end(&s->v[i]);
}

int64_t
fork_servers_deadline(const struct fork_servers *s)
{
	int64_t at = CLOCK_NEVER;
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (s->v[i].channel != -1 && s->v[i].until < at)
			at = s->v[i].until;
	return at;
}

/* It was not told to: nobody is lost by it, but it should not happen. */
static void
tell_ended(int wstatus)
{
	char text[64];

	snprintf(text, sizeof(text), "smtpd -f ended with %s %d",
	    WIFSIGNALED(wstatus) ? "signal" : "status",
	    WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : WEXITSTATUS(wstatus));
	log_event(LOG_WARNING, "fork-server", "text", text, "next",
	    "the next client starts another one", NULL);
}

bool
fork_servers_reaped(struct fork_servers *s, pid_t pid, int wstatus)
{
	size_t i;

	for (i = 0; i < PLACES && s->v[i].pid != pid; i++)
		continue;
	if (i == PLACES)
		return false;
	if (s->v[i].channel != -1)
		tell_ended(wstatus);
	close_channel(&s->v[i]);
	s->v[i].pid = 0;
	return true;
}

size_t
fork_servers_count(const struct fork_servers *s)
{
	size_t i, n = 0;

	for (i = 0; i < PLACES; i++)
		n += s->v[i].pid != 0;
	return n;
}
