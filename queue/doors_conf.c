/* SPDX-License-Identifier: ISC */
/*
 * Which listeners there are: their sockets, as the configuration has them.
 *
 * One whose socket cannot be had keeps nobody from the others, nor the machine
 * from its mail queue.  It is shut, and tried again: a port that another
 * program had at the boot is free once that is stopped.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/door_bind.h"
#include "queue/doors_priv.h"
#include "queue/gate.h"

#define RETRY_MS 10000 /* a look that costs nothing */

static bool
has_lent(const struct doors *d, const struct conf_listen *l)
{
	int fds[LENT_MAX];

	return lent_find(&d->lent, l->name, fds) > 0;
}

static struct door *
find_door(struct doors *d, const struct conf_listen *l)
{
	bool by_name = has_lent(d, l);
	struct door *door;
	size_t i;

	for (i = 0; i < d->n; i++) {
		door = &d->v[i];
		if (by_name != door->is_lent)
			continue;
		if (by_name ? strcmp(door->name, l->name) == 0
			    : door->port == l->port &&
				  strcmp(door->address, l->address) == 0)
			return door;
	}
	return NULL;
}

/* What was lent stays open: nobody could make it anew. */
void
door_shut(struct door *door)
{
	size_t i;

	for (i = 0; i < door->nfds; i++) {
		if (door->fds[i] != -1 && !door->is_lent)
			close(door->fds[i]);
		door->fds[i] = -1;
	}
}

void
door_remove(struct doors *d, struct door *door)
{
	guests_move(d->guests, door->gate, NULL);
	door_shut(door);
	gate_free(door->gate);
	door_pair_wipe(&door->pair);
	free(door->address);
	free(door->name);
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
	free(door->name);
	door->name = xstrdup(l->name);
	guests_move(d->guests, door->gate, l);
}

static int
add_door(struct doors *d, const struct conf_listen *l, struct err *e)
{
	struct door *door = &d->v[d->n];

	errno = 0;
	if (d->n == DOORS_MAX)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "there are more than %d listeners", DOORS_MAX);
	memset(door, 0, sizeof(*door));
	door->nfds = lent_find(&d->lent, l->name, door->fds);
	door->is_lent = door->nfds > 0;
	if (!door->is_lent) {
		if ((door->fds[0] = door_bind(l, e)) == -1)
			return -1;
		door->nfds = 1;
	}
	door->address = xstrdup(l->address);
	door->port = l->port;
	door_pair_init(&door->pair);
	d->n++;
	set_door(d, door, l);
	return 0;
}

/* What cannot be had is remembered, for whoever wonders. */
static void
open_door(struct doors *d, const struct conf_listen *l)
{
	struct err e;

	if (add_door(d, l, &e) == -1)
		door_shuts_note(
		    &d->shuts, l->name, clock_wall(), errno, e.text);
}

/* Does it take rights that were given up? */
static bool
is_beyond_us(const struct conf_listen *l)
{
	int fd = door_bind(l, NULL);

	if (fd == -1)
		return errno == EACCES;
	close(fd);
	return false;
}

/*
 * A listener that was to move to a port below 1024, or on one to another
 * address, stays where it is: closed it would be neither here nor there.
 */
static void
keep_stuck(struct doors *d, const struct conf *conf)
{
	const struct conf_listen *l;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->v[i].conf != NULL || d->v[i].is_lent)
			continue;
		l = conf_listen_find(conf, d->v[i].name);
		if (l != NULL && find_door(d, l) == NULL && is_beyond_us(l))
			set_door(d, &d->v[i], l);
	}
}

/* ---- those that are shut ---- */

static bool
may_open_later(const struct door_shut *shut)
{
	return shut->why != 0 && !shut->is_final;
}

static void
set_retry(struct doors *d, int64_t at_ms)
{
	size_t i;

	d->retry_at = CLOCK_NEVER;
	for (i = 0; i < d->shuts.n; i++)
		if (may_open_later(&d->shuts.v[i]))
			d->retry_at = at_ms;
}

/*
 * A port of root's that another program has cannot be had once root was given
 * up, even where it is free by then; who has it is still what matters.
 */
static void
retry_one(struct doors *d, const struct conf_listen *l)
{
	const struct door_shut *shut = door_shuts_find(&d->shuts, l->name);
	struct err e;
	char port[16];

	if (shut == NULL || !may_open_later(shut))
		return;
	if (add_door(d, l, &e) == -1) {
		if (errno == EACCES)
			door_shuts_give_up(&d->shuts, l->name);
		return;
	}
	door_shuts_drop(&d->shuts, l->name);
	door_pair_load(&d->v[d->n - 1].pair, d->conf, l);
	snprintf(port, sizeof(port), "%u", l->port);
	log_event(LOG_NOTICE, "listener-opened", "listener", l->name, "address",
	    l->address, "port", port, NULL);
}

void
doors_retry(struct doors *d, int64_t now_ms)
{
	size_t i;

	if (now_ms < d->retry_at)
		return;
	for (i = 0; i < d->conf->nlisteners; i++)
		retry_one(d, &d->conf->listeners[i]);
	set_retry(d, now_ms + RETRY_MS);
}

/* ---- the configuration ---- */

void
doors_set_conf(struct doors *d, const struct conf *conf)
{
	struct door *door;
	size_t i;

	d->conf = conf;
	door_shuts_begin(&d->shuts);
	guests_set_conf(d->guests, conf);
	for (i = 0; i < d->n; i++)
		d->v[i].conf = NULL;
	for (i = 0; i < conf->nlisteners; i++)
		if ((door = find_door(d, &conf->listeners[i])) != NULL)
			set_door(d, door, &conf->listeners[i]);
	keep_stuck(d, conf);
	for (i = d->n; i > 0; i--)
		if (d->v[i - 1].conf == NULL)
			door_remove(d, &d->v[i - 1]);
	for (i = 0; i < conf->nlisteners; i++)
		if (find_door(d, &conf->listeners[i]) == NULL)
			open_door(d, &conf->listeners[i]);
	door_shuts_end(&d->shuts);
	set_retry(d, clock_mono_ms()); /* by the rights that will last */
}

void
doors_judge(const struct doors *d)
{
	const struct door_shut *shut;
	size_t i;

	if (d->conf == NULL)
		return;
	lent_judge(&d->lent, d->conf);
	for (i = 0; i < d->conf->nlisteners; i++) {
		shut = door_shuts_find(&d->shuts, d->conf->listeners[i].name);
		if (shut != NULL)
			log_event(LOG_ERR, "listener", "listener", shut->name,
			    "text", shut->text, NULL);
	}
}

void
doors_load_pairs(struct doors *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		door_pair_load(&d->v[i].pair, d->conf, d->v[i].conf);
}
