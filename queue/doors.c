/* SPDX-License-Identifier: ISC */
/* Listening sockets, and who is let in by them. */
#include "config.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/door_bind.h"
#include "queue/door_pair.h"
#include "queue/doors.h"
#include "queue/gate.h"

struct door {
	char *address; /* and port: what makes it the same one */
	unsigned port;
	const struct conf_listen *conf;
	int fd;
	struct gate *gate;
	struct door_pair pair;
};

struct doors {
	struct door v[DOORS_MAX];
	size_t n;
	struct guests *guests;
};

struct doors *
doors_new(void)
{
	struct doors *d = xcalloc(1, sizeof(*d));

	d->guests = guests_new();
	return d;
}

const uint8_t *
doors_token(const struct doors *d)
{
	return guests_token(d->guests);
}

/* ---- sockets ---- */

static struct door *
find_door(struct doors *d, const struct conf_listen *l)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].port == l->port &&
		    strcmp(d->v[i].address, l->address) == 0)
			return &d->v[i];
	return NULL;
}

static void
remove_door(struct doors *d, struct door *door)
{
	guests_move(d->guests, door->gate, NULL);
	if (door->fd != -1)
		close(door->fd);
	gate_free(door->gate);
	door_pair_wipe(&door->pair);
	free(door->address);
	*door = d->v[--d->n];
}

static void
set_door(struct doors *d, struct door *door, const struct conf_listen *l)
{
	if (door->gate == NULL)
		door->gate = gate_new(l);
	else
		gate_change(door->gate, l);
	door->conf = l;
	guests_move(d->guests, door->gate, l);
}

static void
add_door(struct doors *d, const struct conf_listen *l, int fd)
{
	struct door *door = &d->v[d->n++];

	memset(door, 0, sizeof(*door));
	door->address = xstrdup(l->address);
	door->port = l->port;
	door->fd = fd;
	door_pair_init(&door->pair);
	set_door(d, door, l);
}

int
doors_set_conf(struct doors *d, const struct conf *conf, struct err *e)
{
	struct door *door;
	int fd, rc = 0;
	size_t i;

	guests_set_conf(d->guests, conf);
	for (i = 0; i < d->n; i++)
		d->v[i].conf = NULL;
	for (i = 0; i < conf->nlisteners; i++)
		if ((door = find_door(d, &conf->listeners[i])) != NULL)
			set_door(d, door, &conf->listeners[i]);
	for (i = d->n; i > 0; i--)
		if (d->v[i - 1].conf == NULL)
			remove_door(d, &d->v[i - 1]);
	for (i = 0; i < conf->nlisteners; i++) {
		if (find_door(d, &conf->listeners[i]) != NULL)
			continue;
		if (d->n == DOORS_MAX)
			return err_set(e, ERR_LOCAL, "4.3.5",
			    "there are more than %d listeners", DOORS_MAX);
		if ((fd = door_bind(&conf->listeners[i], e)) == -1)
			rc = -1;
		else
			add_door(d, &conf->listeners[i], fd);
	}
	return rc;
}

void
doors_load_pairs(struct doors *d, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		door_pair_load(&d->v[i].pair, conf, d->v[i].conf);
}

void
doors_shut(struct doors *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].fd != -1) {
			close(d->v[i].fd);
			d->v[i].fd = -1;
		}
}

/* ---- clients ---- */

void
doors_close(struct doors *d)
{
	size_t i;

	doors_shut(d);
	guests_close(d->guests);
	for (i = 0; i < d->n; i++)
		door_pair_wipe(&d->v[i].pair);
}

void
doors_free(struct doors *d)
{
	if (d == NULL)
		return;
	doors_close(d);
	while (d->n > 0)
		remove_door(d, &d->v[0]);
	guests_free(d->guests);
	free(d);
}

/* One word to who is not let in, as far as it fits. */
static void
turn_away(
    const struct door *door, int fd, const char *client, enum gate_verdict why)
{
	static const struct {
		const char *reply, *log;
	} words[] = {
		[GATE_OPEN] = { NULL, NULL },
		[GATE_NOT_ALLOWED] = { "554 5.7.1 this address may not send "
				       "here\r\n",
		    "not in listen.allow" },
		[GATE_FULL] = { "421 4.7.0 too many connections\r\n",
		    "as many connections as listen.connections" },
		[GATE_CLIENT_FULL] = { "421 4.7.0 too many connections of "
				       "yours\r\n",
		    "as many connections as listen.client_connections" },
	};

	(void)send(fd, words[why].reply, strlen(words[why].reply),
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	log_event(LOG_NOTICE, "turned-away", "listener", door->conf->name,
	    "client", client, "text", words[why].log, NULL);
}

static void
let_in(struct doors *d, struct door *door, int fd, const struct sockaddr *from)
{
	struct network address = network_of(from), client;
	char text[NETWORK_TEXT];
	enum gate_verdict verdict = GATE_FULL;
	const struct guest_door to = { door->gate, door->conf,
		door_pair_get(&door->pair) };
	struct err e;

	if (!guests_are_full(d->guests))
		verdict = gate_enter(door->gate, from, clock_mono_ms());
	if (verdict != GATE_OPEN) {
		network_format(&address, text);
		turn_away(door, fd, text, verdict);
		return;
	}
	door_pair_remind(&door->pair, door->conf, clock_wall());
	if (guests_add(d->guests, &to, from, fd, &e) == 0)
		return;
	client = gate_client(from);
	gate_leave(door->gate, &client);
	log_event(LOG_ERR, "smtpd", "listener", door->conf->name, "text",
	    e.text, NULL);
}

static void
accept_one(struct doors *d, struct door *door)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	fd = accept4(door->fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);
	if (fd == -1)
		return;
	let_in(d, door, fd, (struct sockaddr *)&ss);
	close(fd);
}

/* ---- the parent's loop ---- */

size_t
doors_fds(const struct doors *d)
{
	return d->n + guests_count(d->guests);
}

size_t
doors_poll_fds(const struct doors *d, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		fds[i] = (struct pollfd){ .fd = d->v[i].fd, .events = POLLIN };
	return d->n + guests_poll_fds(d->guests, fds + d->n);
}

void
doors_serve(struct doors *d, const struct pollfd *fds)
{
	size_t i;

	/* Those inside first: for who comes in there is no place in fds. */
	guests_serve(d->guests, fds + d->n);
	for (i = 0; i < d->n; i++)
		if (fds[i].revents != 0)
			accept_one(d, &d->v[i]);
}

bool
doors_reaped(struct doors *d, pid_t pid)
{
	return guests_reaped(d->guests, pid);
}

void
doors_kill(struct doors *d)
{
	guests_kill(d->guests);
}

size_t
doors_count(const struct doors *d)
{
	return guests_count(d->guests);
}
