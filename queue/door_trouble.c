/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a listener, in words: nobody is let in, or none of those
 * who have to use TLS, is critical, since their mail goes nowhere; what other
 * clients do not notice yet is a warning.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/door_trouble.h"

#define RELOAD "systemctl reload mailchuted, or: kill -HUP of it"

const char *
door_state_name(enum door_state state)
{
	static const char *const names[] = { [DOOR_OPEN] = "open",
		[DOOR_STUCK] = "stuck",
		[DOOR_SHUT] = "shut" };

	return names[state];
}

const char *
door_pair_name(const struct conf_listen *l, enum door_pair_state pair)
{
	static const char *const names[] = { [DOOR_PAIR_UNKNOWN] = "unknown",
		[DOOR_PAIR_GOOD] = "good",
		[DOOR_PAIR_KEPT] = "kept",
		[DOOR_PAIR_MISSING] = "missing" };

	return l->tls == LISTEN_TLS_NONE ? NULL : names[pair];
}

const char *
door_fix(const struct door_view *v)
{
	if (v->state == DOOR_OPEN || v->why == 0)
		return NULL;
	switch (v->why) {
	case EADDRINUSE:
		if (v->is_final)
			return "ss -ltnp shows which program has that port: "
			       "stop it, then: systemctl restart mailchuted";
		return "ss -ltnp shows which program has that port: stop it, "
		       "and the listener opens by itself within seconds";
	case EACCES:
		return "systemctl restart mailchuted; where it is not started "
		       "as root, see mailchuted(8), LISTENERS";
	default:
		return "Mend its address and port in mailchute.conf, "
		       "then: " RELOAD;
	}
}

const char *
door_pair_fix(const struct door_view *v)
{
	return v->pair == DOOR_PAIR_KEPT || v->pair == DOOR_PAIR_MISSING
		   ? "Mend the files, then: " RELOAD
		   : NULL;
}

static bool
has_to_use_tls(const struct conf_listen *l)
{
	return l->tls == LISTEN_TLS_REQUIRED || l->tls == LISTEN_TLS_IMPLICIT;
}

static void
find_shut(const struct conf_listen *l, const struct door_view *v,
    struct door_trouble *t)
{
	bool is_shut = v->state == DOOR_SHUT;

	t->is_critical = is_shut;
	t->since = v->since;
	t->reason = xasprintf("listener %s %s: %s", l->name,
	    is_shut ? "is shut" : "is not where it should be", v->text);
	t->for_anyone = is_shut ? "a listener is shut"
				: "a listener is not where it should be";
}

bool
door_trouble_find(const struct conf_listen *l, const struct door_view *v,
    struct door_trouble *t)
{
	memset(t, 0, sizeof(*t));
	if (v->state != DOOR_OPEN) {
		find_shut(l, v, t);
		return true;
	}
	if (v->pair == DOOR_PAIR_MISSING) {
		t->is_critical = has_to_use_tls(l);
		t->reason = xasprintf("listener %s has no certificate%s: %s",
		    l->name, t->is_critical ? ", and turns everybody away" : "",
		    v->pair_text);
		t->for_anyone = "a listener has no certificate";
	} else if (v->pair == DOOR_PAIR_KEPT) {
		t->reason = xasprintf(
		    "listener %s keeps the certificate from before: %s",
		    l->name, v->pair_text);
		t->for_anyone = "a listener keeps the certificate from before";
	}
	t->since = v->pair_since;
	return t->reason != NULL;
}

void
door_trouble_clear(struct door_trouble *t)
{
	free(t->reason);
	memset(t, 0, sizeof(*t));
}
