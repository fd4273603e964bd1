/* SPDX-License-Identifier: ISC */
/* Who is let in by the listeners, and who is inside. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/device_words.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/doors_priv.h"
#include "queue/gate.h"

#define FIX_MAX  200
#define PAUSE_MS 1000 /* as queue/listener.c's */

struct doors *
doors_new(void)
{
	struct doors *d = xcalloc(1, sizeof(*d));

	d->guests = guests_new();
	d->retry_at = d->resume_at = CLOCK_NEVER;
	return d;
}

struct lent *
doors_lent(struct doors *d)
{
	return &d->lent;
}

bool
doors_knock(struct doors *d, struct knock *out)
{
	return knocks_take(guests_knocks(d->guests), out);
}

const uint8_t *
doors_token(const struct doors *d)
{
	return guests_token(d->guests);
}

/* ---- the end ---- */

static void
close_sockets(struct doors *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		door_shut(&d->v[i]);
	d->retry_at = d->resume_at = CLOCK_NEVER;
	lent_close(&d->lent);
}

void
doors_shut(struct doors *d)
{
	close_sockets(d);
	guests_dismiss(d->guests);
	guests_renew(d->guests);
}

void
doors_renew(struct doors *d)
{
	guests_renew(d->guests);
}

/* ---- clients ---- */

void
doors_close(struct doors *d)
{
	size_t i;

	close_sockets(d);
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
		door_remove(d, &d->v[0]);
	door_shuts_clear(&d->shuts);
	guests_free(d->guests);
	free(d);
}

/* For the report of devices. */
static void
note_knock(struct doors *d, const struct door *door, const char *client,
    const char *text, const char *fix)
{
	struct knock k = { .at = clock_wall(), .trouble.count = 1 };

	strlcpy(k.listener, door->conf->name, sizeof(k.listener));
	strlcpy(k.client, client, sizeof(k.client));
	snprintf(k.trouble.text, sizeof(k.trouble.text), "%s: %s", text, fix);
	knocks_note(guests_knocks(d->guests), &k);
}

/* What is said of each verdict; of GATE_NO_MEANS, what was short. */
static const struct {
	unsigned code;
	const char *status, *log;
} reasons[] = {
	[GATE_OPEN] = { 0, "", "" },
	[GATE_NOT_ALLOWED] = { 554, "5.7.1", "not in listen.allow" },
	[GATE_FULL] = { 421, "4.7.0",
	    "as many connections as listen.connections" },
	[GATE_CLIENT_FULL] = { 421, "4.7.0",
	    "as many connections as listen.client_connections" },
	[GATE_CLIENT_FAST] = { 421, "4.7.0",
	    "as many connections within the time as "
	    "listen.connection_rate" },
	[GATE_SHUT_OUT] = { 421, "4.7.0",
	    "too many wrong passwords within ten minutes" },
	[GATE_FEW_LEFT] = { 421, "4.7.0",
	    "the last places are for clients without wrong "
	    "passwords" },
	[GATE_ALL_FULL] = { 421, "4.7.0",
	    "as many connections as all listeners may have" },
	[GATE_NO_MEANS] = { 421, "4.3.2", NULL },
};

/* One word to who is not let in, as far as it fits; more: of GATE_NO_MEANS. */
static void
turn_away(struct doors *d, struct door *door, int fd,
    const struct sockaddr *from, enum gate_verdict why, const char *more)
{
	const char *text = more == NULL ? reasons[why].log : more;
	const struct device_words *w =
	    device_words_find(reasons[why].code, reasons[why].status, text);
	struct network address = network_of(from);
	char reply[DEVICE_WORDS_MAX + 16], fix[FIX_MAX], others[32] = "";
	char client[NETWORK_TEXT];
	uint64_t untold;

	network_format(&address, client);
	device_words_fix(w, door->conf->name, fix, sizeof(fix));
	snprintf(reply, sizeof(reply), "%u %s %s\r\n", reasons[why].code,
	    reasons[why].status, w->words);
	(void)send(fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
	door->turned_away++;
	note_knock(d, door, client, text, fix);
	if (turned_tell(&door->turned, clock_mono_ms(), &untold)) {
		snprintf(others, sizeof(others), "%" PRIu64, untold);
		log_event(more == NULL ? LOG_NOTICE : LOG_ERR, "turned-away",
		    "listener", door->conf->name, "client", client, "text",
		    text, "fix", fix, "others", untold == 0 ? NULL : others,
		    NULL);
	}
}

/*
 * Who could but sign in, and is not listened to, would keep a place from others
 * for nothing; and those who guess, from however many addresses, never have all
 * places.
 */
static enum gate_verdict
judge(struct doors *d, struct door *door, const struct sockaddr *from)
{
	int64_t now_ms = clock_mono_ms();

	enum guest_record record = guests_record(d->guests, from, now_ms);

	if (door->conf->auth == LISTEN_AUTH_REQUIRED &&
	    record == GUEST_SHUT_OUT)
		return GATE_SHUT_OUT;
	if (door->conf->auth != LISTEN_AUTH_OFF && record != GUEST_FINE &&
	    gate_is_crowded(door->gate))
		return GATE_FEW_LEFT;
	if (guests_are_full(d->guests))
		return GATE_ALL_FULL;
	return gate_enter(door->gate, from, now_ms);
}

static void
let_in(struct doors *d, struct door *door, int fd, const struct sockaddr *from)
{
	struct network client = gate_client(from);
	enum gate_verdict verdict = judge(d, door, from);
	const struct guest_door to = { door->gate, door->conf,
		door_pair_get(&door->pair) };
	struct err e;

	if (verdict != GATE_OPEN) {
		turn_away(d, door, fd, from, verdict, NULL);
		return;
	}
	if (guests_add(d->guests, &to, from, fd, &e) == 0)
		return;
	gate_leave(door->gate, &client);
	turn_away(d, door, fd, from, GATE_NO_MEANS, e.text);
}

/*
 * It waits at its socket, which would be ready again at once.  Any other error
 * is of one client, who is gone by it.
 */
static void
pause_if_short(struct doors *d, const struct door *door, int error)
{
	const struct device_words *w = device_words_find(421, "4.3.2", "");
	int64_t now_ms = clock_mono_ms();
	char fix[FIX_MAX];
	uint64_t untold;

	if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
	    error != ENOMEM)
		return;
	d->resume_at = now_ms + PAUSE_MS;
	if (!turned_tell(&d->failed, now_ms, &untold))
		return;
	device_words_fix(w, door->conf->name, fix, sizeof(fix));
	log_event(LOG_ERR, "accept", "listener", door->conf->name, "text",
	    strerror(error), "fix", fix, NULL);
}

static void
accept_one(struct doors *d, struct door *door, int listener)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	fd = accept4(listener, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC);
	if (fd == -1) {
		pause_if_short(d, door, errno);
		return;
	}
	let_in(d, door, fd, (struct sockaddr *)&ss);
	close(fd);
}

/* ---- the parent's loop ---- */

static size_t
sockets_of(const struct doors *d)
{
	size_t i, n = 0;

	for (i = 0; i < d->n; i++)
		n += d->v[i].nfds;
	return n;
}

size_t
doors_fds(const struct doors *d)
{
	return sockets_of(d) + guests_fds(d->guests);
}

size_t
doors_poll_fds(const struct doors *d, struct pollfd *fds)
{
	bool is_paused = d->resume_at != CLOCK_NEVER;
	size_t i, k, n = 0;

	for (i = 0; i < d->n; i++)
		for (k = 0; k < d->v[i].nfds; k++)
			fds[n++] =
			    (struct pollfd){ .fd = is_paused ? -1
							     : d->v[i].fds[k],
				    .events = POLLIN };
	return n + guests_poll_fds(d->guests, fds + n);
}

void
doors_serve(struct doors *d, const struct pollfd *fds)
{
	size_t i, k;

	/* Those inside first: for who comes in there is no place in fds. */
	guests_serve(d->guests, fds + sockets_of(d));
	for (i = 0; i < d->n; i++)
		for (k = 0; k < d->v[i].nfds; k++, fds++)
			if (fds->revents != 0)
				accept_one(d, &d->v[i], d->v[i].fds[k]);
}

void
doors_tick(struct doors *d, int64_t now_ms)
{
	if (now_ms >= d->resume_at)
		d->resume_at = CLOCK_NEVER;
	doors_retry(d, now_ms);
	guests_tick(d->guests, now_ms);
}

int64_t
doors_deadline(const struct doors *d)
{
	int64_t at = guests_deadline(d->guests);

	at = d->resume_at < at ? d->resume_at : at;
	return d->retry_at < at ? d->retry_at : at;
}

bool
doors_reaped(struct doors *d, pid_t pid, int wstatus)
{
	return guests_reaped(d->guests, pid, wstatus);
}

void
doors_kill(struct doors *d)
{
	guests_kill(d->guests);
}

void
doors_accuse(struct doors *d, pid_t pid)
{
	guests_accuse(d->guests, pid);
}

size_t
doors_count(const struct doors *d)
{
	return guests_count(d->guests);
}
