/* SPDX-License-Identifier: ISC */
/* The processes of those who came in by a listener. */
#include "config.h"

#include <sys/wait.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"

struct guests *
guests_new(void)
{
	struct guests *g = xcalloc(1, sizeof(*g));

	arc4random_buf(g->token, sizeof(g->token));
	g->knocks = knocks_new();
	g->checkers = checkers_new();
	g->servers = fork_servers_new();
	g->guesses = guesses_new();
	return g;
}

struct knocks *
guests_knocks(struct guests *g)
{
	return g->knocks;
}

const uint8_t *
guests_token(const struct guests *g)
{
	return g->token;
}

void
guests_renew(struct guests *g)
{
	fork_servers_renew(g->servers);
}

void
guests_set_conf(struct guests *g, const struct conf *conf)
{
	size_t i;

	g->conf = conf;
	guests_renew(g);
	for (i = 0; i < g->n; i++) {
		g->v[i].conf = NULL;
		guests_auth_void(&g->v[i]);
		if (g->v[i].sign_in.is_void)
			guests_close_channel(&g->v[i]);
	}
}

void
guests_move(struct guests *g, const struct gate *gate,
    const struct conf_listen *listener)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->v[i].gate != gate)
			continue;
		g->v[i].conf = listener;
		if (listener != NULL)
			continue;
		g->v[i].gate = NULL;
		guests_close_channel(&g->v[i]);
	}
}

void
guests_dismiss(struct guests *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		guests_close_channel(&g->v[i]);
}

bool
guests_are_full(const struct guests *g)
{
	return g->n == GUESTS_MAX;
}

void
guests_close_channel(struct guest *one)
{
	if (one->channel != -1)
		close(one->channel);
	one->channel = -1;
}

void
guests_close(struct guests *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		guests_close_channel(&g->v[i]);
	checkers_close(g->checkers);
	fork_servers_close(g->servers);
}

void
guests_free(struct guests *g)
{
	if (g == NULL)
		return;
	guests_close(g);
	knocks_free(g->knocks);
	while (g->n > 0)
		guests_auth_forget(g, &g->v[--g->n]);
	checkers_free(g->checkers);
	fork_servers_free(g->servers);
	guesses_free(g->guesses);
	explicit_bzero(g->token, sizeof(g->token));
	free(g);
}

/* ---- a client ---- */

int
guests_add(struct guests *g, const struct guest_door *door,
    const struct sockaddr *from, int fd, struct err *e)
{
	struct guest *one = &g->v[g->n];
	struct network address = network_of(from);

	memset(one, 0, sizeof(*one));
	one->channel = -1;
	one->gate = door->gate;
	one->conf = door->conf;
	one->client = gate_client(from);
	one->is_without_auth = door->conf->auth == LISTEN_AUTH_OFF;
	network_format(&address, one->text);
	if (guests_start(g, one, door->pair, fd, e) == -1)
		return -1;
	g->n++;
	return 0;
}

/* ---- the parent's loop ---- */

size_t
guests_poll_fds(const struct guests *g, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		fds[i] =
		    (struct pollfd){ .fd = g->v[i].channel, .events = POLLIN };
	checkers_poll_fds(g->checkers, fds + g->n);
	return guests_fds(g);
}

size_t
guests_fds(const struct guests *g)
{
	return g->n + CHECKERS_MAX;
}

void
guests_serve(struct guests *g, const struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (fds[i].revents != 0)
			guests_hear(g, &g->v[i]);
	guests_auth_serve(g, fds + g->n, clock_mono_ms());
}

void
guests_tick(struct guests *g, int64_t now_ms)
{
	guests_auth_tick(g, now_ms);
	fork_servers_tick(g->servers, now_ms);
}

int64_t
guests_deadline(const struct guests *g)
{
	int64_t auth = guests_auth_deadline(g);
	int64_t servers = fork_servers_deadline(g->servers);

	return auth < servers ? auth : servers;
}

/*
 * A crash, which somebody may have brought about to find out how memory is laid
 * out, or a call that no smtpd makes.  The kernel and an administrator may end
 * one as well, which looks no different.
 */
static void
tell_crash(const struct guest *one, int signal)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", signal);
	log_event(LOG_ERR, "smtpd-ended", "listener",
	    one->conf == NULL ? NULL : one->conf->name, "client", one->text,
	    "signal", number, "text",
	    "the smtpd of this client was ended by a signal, and its "
	    "connection with it; others are not concerned, and what it was not "
	    "told 250 for is not queued",
	    "fix", "if nobody has killed it, report it as SECURITY.md says",
	    NULL);
}

bool
guests_reaped(struct guests *g, pid_t pid, int wstatus)
{
	struct guest *one;
	size_t i;

	if (checkers_reaped(g->checkers, pid) ||
	    fork_servers_reaped(g->servers, pid, wstatus))
		return true;
	for (i = 0; i < g->n && g->v[i].pid != pid; i++)
		continue;
	if (i == g->n)
		return false;
	one = &g->v[i];
	if (WIFSIGNALED(wstatus) && !g->is_killed && !one->is_condemned) {
		tell_crash(one, WTERMSIG(wstatus));
		fork_servers_doubt(g->servers, one->by);
	}
	guests_close_channel(one);
	guests_auth_forget(g, one);
	if (one->gate != NULL)
		gate_leave(one->gate, &one->client);
	*one = g->v[--g->n];
	return true;
}

void
guests_condemn(struct guests *g, struct guest *one, const char *what)
{
	const char *listener = one->conf == NULL ? NULL : one->conf->name;
	char text[ERR_TEXT_MAX], others[32];
	uint64_t untold;

	if (one->is_condemned)
		return;
	one->is_condemned = true;
	kill(one->pid, SIGKILL);
	fork_servers_doubt(g->servers, one->by);
	guests_close_channel(one);
	/* Whoever can do it can do it again. */
	if (!turned_tell(&g->condemned, clock_mono_ms(), &untold))
		return;
	snprintf(text, sizeof(text),
	    "the smtpd of this client %s: code of somebody else runs in it; it "
	    "was killed",
	    what);
	snprintf(others, sizeof(others), "%" PRIu64, untold);
	log_event(LOG_ERR, "smtpd-taken-over", "listener", listener, "client",
	    one->text, "text", text, "fix",
	    "report it as SECURITY.md says, and keep the client out by "
	    "listen.allow until it is known what that was",
	    "others", untold == 0 ? NULL : others, NULL);
}

struct guest *
guests_find(struct guests *g, pid_t pid)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (pid != 0 && g->v[i].pid == pid)
			return &g->v[i];
	return NULL;
}

void
guests_accuse(struct guests *g, pid_t pid)
{
	struct guest *one = guests_find(g, pid);

	if (one != NULL)
		guests_condemn(
		    g, one, "holds more than one connection to the queue");
}

void
guests_kill(struct guests *g)
{
	size_t i;

	g->is_killed = true;
	for (i = 0; i < g->n; i++)
		kill(g->v[i].pid, SIGKILL);
	checkers_kill(g->checkers);
	guests_renew(g);
}

size_t
guests_count(const struct guests *g)
{
	return g->n + checkers_count(g->checkers) +
	       fork_servers_count(g->servers);
}
