/* SPDX-License-Identifier: ISC */
/* Of the answer of "mailchute metrics" what is about listeners. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "admin/exposition.h"
#include "admin/report.h"

#define GAUGE       EXPOSITION_GAUGE
#define COUNTER     EXPOSITION_COUNTER
#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
put_states(struct exposition *x, const struct report *r)
{
	static const char *const states[] = { "open", "stuck", "shut", NULL };
	size_t i, k;

	exposition_begin(x, "mailchute_listener_state", GAUGE,
	    "The state of a listener: 1 for the one that it is in.");
	for (i = 0; i < r->nlisteners; i++)
		for (k = 0; states[k] != NULL; k++)
			exposition_number(x,
			    LABELS("listener", r->listeners[i].name, "state",
				states[k]),
			    strcmp(r->listeners[i].state, states[k]) == 0);
}

static void
put_pairs(struct exposition *x, const struct report *r)
{
	static const char *const states[] = { "good", "kept", "missing",
		"unknown", NULL };
	size_t i, k;

	exposition_begin(x, "mailchute_listener_certificate_state", GAUGE,
	    "The certificate of a listener with TLS: 1 for the state that it "
	    "is in.");
	for (i = 0; i < r->nlisteners; i++)
		for (k = 0; r->listeners[i].pair != NULL && states[k] != NULL;
		     k++)
			exposition_number(x,
			    LABELS("listener", r->listeners[i].name, "state",
				states[k]),
			    strcmp(r->listeners[i].pair, states[k]) == 0);
	exposition_begin(x,
	    "mailchute_listener_certificate_expires_timestamp_seconds", GAUGE,
	    "When the certificate of a listener with TLS ends; NaN when none "
	    "serves.");
	for (i = 0; i < r->nlisteners; i++)
		if (r->listeners[i].pair != NULL)
			exposition_time(x,
			    LABELS("listener", r->listeners[i].name),
			    r->listeners[i].ends_at);
}

/* A number of each listener, by where it stands in the struct. */
static void
put_figure(struct exposition *x, const struct report *r, size_t offset)
{
	uint64_t v;
	size_t i;

	for (i = 0; i < r->nlisteners; i++) {
		memcpy(&v, (const char *)&r->listeners[i] + offset, sizeof(v));
		exposition_number(
		    x, LABELS("listener", r->listeners[i].name), v);
	}
}

static void
put_counters(struct exposition *x, const struct report *r)
{
	exposition_begin(x, "mailchute_listener_messages_total", COUNTER,
	    "Messages taken by a listener.");
	put_figure(x, r, offsetof(struct ctl_listener, messages));
	exposition_begin(x, "mailchute_listener_turned_away_clients_total",
	    COUNTER, "Clients that a listener did not let in.");
	put_figure(x, r, offsetof(struct ctl_listener, turned_away));
	exposition_begin(x, "mailchute_listener_refusals_total", COUNTER,
	    "What a listener refused to clients that it had let in.");
	put_figure(x, r, offsetof(struct ctl_listener, refused));
}

void
report_metrics_listeners(const struct report *r, struct exposition *x)
{
	put_states(x, r);
	exposition_begin(x, "mailchute_listener_connections", GAUGE,
	    "Clients of a listener that are inside.");
	put_figure(x, r, offsetof(struct ctl_listener, connections));
	exposition_begin(x, "mailchute_listener_connections_limit", GAUGE,
	    "How many listen.connections allows.");
	put_figure(x, r, offsetof(struct ctl_listener, connections_max));
	put_pairs(x, r);
	/* Without a daemon nothing is counted, and 0 would be a reset. */
	if (r->host.started_at != 0)
		put_counters(x, r);
}
