/* SPDX-License-Identifier: ISC */
/* Status: the listeners, as the parent knows them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/calendar.h"
#include "queue/control_priv.h"
#include "queue/figures.h"

/* Writing reads it alone, though a table serves both ways. */
static char *
lend(const char *s)
{
	return s == NULL || s[0] == '\0' ? NULL : (char *)(uintptr_t)s;
}

/* The certificate in use, or without a daemon the last that is known of. */
static void
put_end(void *arg, const struct calendar_view *v)
{
	struct ctl_listener *out = arg;

	out->ends_at = v->expiry->at;
	out->is_soon = expiry_is_soon(v->expiry, v->now);
	out->ends = xstrdup(v->words.text);
	out->ends_fix = xstrdup(v->words.fix);
}

static void
put_one(struct client *c, size_t i, const struct door_view *v)
{
	static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3" };
	static const char *const tls[] = { [LISTEN_TLS_NONE] = "none",
		[LISTEN_TLS_STARTTLS] = "starttls",
		[LISTEN_TLS_REQUIRED] = "required",
		[LISTEN_TLS_IMPLICIT] = "implicit" };
	static const char *const auth[] = { [LISTEN_AUTH_OFF] = "off",
		[LISTEN_AUTH_OPTIONAL] = "optional",
		[LISTEN_AUTH_REQUIRED] = "required" };
	const struct conf_listen *l = &c->parts->conf->listeners[i];
	const char *min = versions[(l->tls_min - 10) % 4];
	struct ctl_listener out = {
		.name = lend(l->name),
		.address =
		    lend(v->address[0] == '\0' ? l->address : v->address),
		.port = v->port == 0 ? l->port : v->port,
		.is_lent = v->is_lent,
		.state = lend(door_state_name(v->state)),
		.since = v->since,
		.text = lend(v->text),
		.fix = lend(door_fix(v)),
		.tls = lend(tls[l->tls]),
		.tls_min = l->tls == LISTEN_TLS_NONE ? NULL : lend(min),
		.auth = lend(auth[l->auth]),
		.connections = v->inside,
		.connections_max = l->connections,
		.messages = store_listened(c->parts->store, l->name),
		.turned_away = v->turned_away,
		.refused = v->refused,
		.pair = lend(door_pair_name(l, v->pair)),
		.pair_since = v->pair_since,
		.pair_text = lend(v->pair_text),
		.pair_fix = lend(door_pair_fix(v)),
	};

	if (v->pair != DOOR_PAIR_MISSING)
		calendar_listener(c->parts->calendar, i, put_end, &out);
	ctl_put_listener(&c->out, &out);
	free(out.ends);
	free(out.ends_fix);
}

static bool
look(struct client *c, size_t i, struct door_view *v)
{
	struct err e;

	return ask_listener(c->parts->ask, (uint32_t)i, v, &e) == 0;
}

void
status_put_listeners(struct client *c)
{
	struct door_view v;
	size_t i;

	for (i = 0; i < c->parts->conf->nlisteners; i++)
		if (look(c, i, &v))
			put_one(c, i, &v);
}

void
status_judge_listeners(struct client *c, status_trouble *row, void *arg)
{
	struct door_trouble t;
	struct door_view v;
	size_t i;

	for (i = 0; i < c->parts->conf->nlisteners; i++) {
		if (!look(c, i, &v) ||
		    !door_trouble_find(&c->parts->conf->listeners[i], &v, &t))
			continue;
		row(arg, &t);
		door_trouble_clear(&t);
	}
}
