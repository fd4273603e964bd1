/* SPDX-License-Identifier: ISC */
/* How a listener is, for whoever asks mailchute status. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "queue/doors_priv.h"
#include "queue/gate.h"

#define NOT_TRIED "no socket was asked for: this mailchuted opens no listeners"

static const struct door *
find(const struct doors *d, const struct conf_listen *l)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].conf == l)
			return &d->v[i];
	return NULL;
}

/* Of several that are lent the first will do. */
static void
view_lent(const struct lent *lent, const char *name, struct door_view *v)
{
	size_t i;

	for (i = 0; i < lent->n && strcmp(lent->v[i].name, name) != 0; i++)
		continue;
	if (i == lent->n)
		return;
	v->is_lent = true;
	network_format(&lent->v[i].address, v->address);
	v->port = lent->v[i].port;
}

static void
view_shut(
    const struct door *door, const struct door_shut *shut, struct door_view *v)
{
	char place[48];

	v->state = door == NULL ? DOOR_SHUT : DOOR_STUCK;
	v->since = shut->since;
	v->why = shut->why;
	v->is_final = shut->is_final;
	strlcpy(v->text, shut->text, sizeof(v->text));
	if (door == NULL)
		return;
	snprintf(place, sizeof(place), "; it stays on port %u of ", door->port);
	strlcat(v->text, place, sizeof(v->text));
	strlcat(v->text, door->address, sizeof(v->text));
}

static void
view_open(const struct doors *d, const struct door *door, struct door_view *v)
{
	if (door->is_lent)
		view_lent(&d->lent, door->name, v);
	v->inside = gate_connections(door->gate);
	v->turned_away = door->turned_away;
	v->refused = gate_refusals(door->gate);
	if (door->conf->tls != LISTEN_TLS_NONE)
		door_pair_view(&door->pair, v);
}

int
doors_view(const struct doors *d, const struct conf *conf, size_t listener,
    struct door_view *v, struct err *e)
{
	const struct conf_listen *l;
	const struct door_shut *shut;
	const struct door *door;

	if (listener >= conf->nlisteners)
		return err_set(e, ERR_LOCAL, "4.3.5", "no such listener");
	l = &conf->listeners[listener];
	shut = door_shuts_find(&d->shuts, l->name);
	door = find(d, l);
	memset(v, 0, sizeof(*v));
	if (shut != NULL) {
		view_shut(door, shut, v);
	} else if (door == NULL) {
		v->state = DOOR_SHUT;
		strlcpy(v->text, NOT_TRIED, sizeof(v->text));
	}
	if (door != NULL)
		view_open(d, door, v);
	return 0;
}
