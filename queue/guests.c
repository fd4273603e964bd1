/* SPDX-License-Identifier: ISC */
/* The processes of those who came in by a listener, and their messages. */
#include "config.h"

#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proto_listen.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"
#include "queue/sockets.h"

#define ORIGIN_MAX   65536
#define TROUBLES_MAX 8 /* of a session; ours tell two */

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
		if (listener == NULL)
			g->v[i].gate = NULL;
	}
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
	network_format(&address, one->text);
	if (guests_start(g, one, door->pair, fd, e) == -1)
		return -1;
	g->n++;
	return 0;
}

/* ---- messages ---- */

static int
connect_submit(const struct conf *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char *path = xasprintf(
	    "%s/%s", c->queue.socket_directory, sockets_name(SOCKET_SUBMIT));
	int fd;

	/* Checked with the configuration. */
	strlcpy(un.sun_path, path, sizeof(un.sun_path));
	free(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
say_origin(const struct guests *g, const struct guest *one,
    const struct client_words *words, int fd)
{
	struct submit_origin o = { .listener = one->conf->name,
		.client = (char *)(uintptr_t)one->text,
		.login = one->sign_in.login,
		.senders = one->sign_in.senders,
		.words = *words };
	struct buf b;
	int rc;

	memcpy(o.token, g->token, sizeof(o.token));
	buf_init(&b, ORIGIN_MAX);
	rc = origin_put(&b, &o) == 0 &&
		     send(fd, b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len
		 ? 0
		 : -1;
	buf_clear(&b);
	explicit_bzero(o.token, sizeof(o.token));
	return rc;
}

/* A reload may have shut out who is inside. */
static bool
is_allowed(const struct guest *one)
{
	struct network address;

	return network_parse(one->text, &address) == 0 &&
	       gate_allows(one->gate, &address);
}

/* A connection for a message of this client, or why there is none. */
static int
make_connection(const struct guests *g, const struct guest *one,
    const struct client_words *words, const char **why)
{
	int fd;

	*why = "this listener is closed";
	if (one->gate == NULL || one->conf == NULL)
		return -1;
	*why = "its address is not in listen.allow any more";
	if (!is_allowed(one))
		return -1;
	if ((*why = guests_auth_check(one)) != NULL)
		return -1;
	*why = "not ready; try later";
	if ((fd = connect_submit(g->conf)) == -1)
		return -1;
	if (say_origin(g, one, words, fd) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One that tells more than an smtpd of ours has been taken over. */
static int
take_trouble(struct guests *g, struct guest *one, const struct frame *f)
{
	struct knock k = { .at = clock_wall() };
	struct err e;

	if (++one->troubles > TROUBLES_MAX ||
	    client_trouble_get(f, &k.trouble, &e) == -1)
		return -1;
	if (one->conf == NULL)
		return 0;
	gate_note_refusals(one->gate, k.trouble.count);
	strlcpy(k.listener, one->conf->name, sizeof(k.listener));
	strlcpy(k.client, one->text, sizeof(k.client));
	knocks_note(g->knocks, &k);
	return 0;
}

/*
 * 1: a message comes, or a password, 0: nothing to do, -1: one that says
 * anything else has been taken over, or is gone.
 */
static int
read_frame(struct guests *g, struct guest *one, uint8_t *type,
    struct client_words *words)
{
	char p[LISTEN_ASK_MAX];
	struct frame f;
	struct err e;
	ssize_t n;

	n = recv(one->channel, p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || n > (ssize_t)sizeof(p) ||
	    frame_parse(p, (size_t)n, &f) != n)
		return -1;
	if (f.type == LISTEN_TROUBLE)
		return take_trouble(g, one, &f);
	*type = f.type;
	if (f.type == LISTEN_SIGN_IN)
		return f.len == 0 ? 1 : -1;
	return client_words_get(&f, words, &e) == -1 ? -1 : 1;
}

static void
serve(struct guests *g, struct guest *one)
{
	struct client_words words = { .is_esmtp = false };
	const char *why;
	uint8_t type;
	int fd, rc;

	if ((rc = read_frame(g, one, &type, &words)) == 0)
		return;
	if (rc == -1) {
		guests_close_channel(one);
		return;
	}
	if (type == LISTEN_SIGN_IN) {
		guests_auth_ask(g, one, clock_mono_ms());
		return;
	}
	fd = make_connection(g, one, &words, &why);
	rc = fdpass_send(one->channel, fd, fd == -1 ? why : "",
	    clock_mono_ms() + GUESTS_PASS_MS, NULL);
	if (fd != -1)
		close(fd);
	if (rc == -1)
		guests_close_channel(one);
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
			serve(g, &g->v[i]);
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
	if (WIFSIGNALED(wstatus) && !g->is_killed) {
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
