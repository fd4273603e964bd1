/* SPDX-License-Identifier: ISC */
/* The start of a client's smtpd, and what that is told of its listener. */
#include "config.h"

#include <sys/socket.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/proto_listen.h"
#include "common/spawn.h"
#include "queue/guests_priv.h"

#define SETUP_MAX   65536
#define ANSWERS_MAX 8192 /* octets; one answer is on its way at a time */

/* ---- what it is told ---- */

/* listen.log_dialogue, however it is written. */
static bool
is_logged(const struct guest *one)
{
	char text[NETWORK_TEXT];
	struct network n;

	if (one->conf->log_dialogue == NULL ||
	    network_parse(one->conf->log_dialogue, &n) == -1)
		return false;
	network_format(&n, text);
	return strcmp(text, one->text) == 0;
}

static int
send_record(const struct guest *one, int rc, const struct buf *b, struct err *e)
{
	if (rc == 0 && send(one->channel, b->data, b->len, MSG_NOSIGNAL) ==
			   (ssize_t)b->len)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.0", "smtpd takes no setup");
}

static int
send_setup(const struct guests *g, const struct guest *one,
    const struct pair *pair, struct err *e)
{
	const struct conf *c = g->conf;
	const struct listen_setup s = {
		.listener = one->conf->name,
		.client = (char *)(uintptr_t)one->text,
		.hostname = c->local.hostname,
		.domain = c->local.domain,
		.size_max = one->conf->max_size,
		.rcpts_max = one->conf->max_recipients,
		.bare_newline = one->conf->bare_newline,
		.sandbox = c->sandbox,
		.log_target = c->log.target,
		.log_level = (unsigned)c->log.level,
		.tls = one->conf->tls,
		.tls_min = one->conf->tls_min,
		.has_pair = pair != NULL,
		.auth = one->conf->auth,
		.auth_in_clear = one->conf->tls == LISTEN_TLS_NONE ||
				 one->conf->tls == LISTEN_TLS_STARTTLS,
		.is_crowded = gate_is_crowded(one->gate) ||
			      g->n >= GUESTS_MAX - GUESTS_MAX / 4,
		.from = one->conf->from,
		.local_names = c->local.names,
		.log_dialogue = is_logged(one),
	};
	struct buf b;
	int rc;

	buf_init(&b, SETUP_MAX);
	rc = send_record(one, listen_put_setup(&b, &s), &b, e);
	buf_wipe(&b);
	if (rc == -1 || pair == NULL)
		return rc;
	buf_init(&b, PAIR_FRAME_MAX);
	rc = send_record(one, pair_put(&b, pair), &b, e);
	buf_wipe(&b);
	return rc;
}

/* What it does not read is not to fill up what all have. */
static int
narrow(const struct guest *one, struct err *e)
{
	static const int size = ANSWERS_MAX;

	return setsockopt(one->channel, SOL_SOCKET, SO_SNDBUF, &size,
		   sizeof(size)) == 0
		   ? 0
		   : err_errno(e, ERR_TEMP, "4.3.0", "SO_SNDBUF");
}

/* ---- its start ---- */

static pid_t
spawn(int client, int channel, struct err *e)
{
	static const char *const argv[] = { PATH_LIBEXEC "/smtpd", "-l", NULL };
	const struct spawn s = {
		.argv = argv,
		.in = client,
		.out = client,
		.log = -1,
		.keep = &channel,
		.nkeep = 1,
		.is_told_to_stop = true,
	};

	return spawn_start(&s, e);
}

static enum fork_kind
kind_of(const struct conf_listen *l)
{
	return l->tls != LISTEN_TLS_NONE && l->tls_min < 12 ? FORK_OLD
							    : FORK_USUAL;
}

/*
 * A fork server that was there and has died since is not yet one that cannot be
 * had; and whatever is wrong with them, there is a way without.
 */
enum way {
	WAY_SERVER,
	WAY_NEW_SERVER,
	WAY_PROGRAM,
	WAYS
};

/* Each with a channel of its own: see fork_servers_start. */
static int
try(struct guests *g, struct guest *one, enum way way, int fd, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
	one->channel = ends[0];
	one->by = 0;
	one->pid = way == WAY_PROGRAM
		       ? spawn(fd, ends[1], e)
		       : fork_servers_start(g->servers, kind_of(one->conf), fd,
			     ends[1], &one->by);
	close(ends[1]);
	if (one->pid != -1)
		return 0;
	guests_close_channel(one);
	return -1;
}

int
guests_start(struct guests *g, struct guest *one, const struct pair *pair,
    int fd, struct err *e)
{
	enum way way = WAY_SERVER;

	while (way < WAYS && try(g, one, way, fd, e) == -1)
		way++;
	if (way == WAYS)
		return -1;
	/* Not before: see fork_servers_start again. */
	if (send_setup(g, one, pair, e) == 0 && narrow(one, e) == 0)
		return 0;
	kill(one->pid, SIGKILL);
	guests_close_channel(one);
	return -1;
}
