/* SPDX-License-Identifier: ISC */
/* The listeners, in the answer of "mailchute status". */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/report.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define DAY_S     86400
#define LISTENERS 100 /* mailchuted opens fewer */
#define WIDTH_MAX 40
#define PLACE_MAX 80 /* an address of IPv6 with a port */
#define TLS_MAX   32

int
report_take_listener(struct report *r, const struct frame *f, struct err *e)
{
	struct ctl_listener l;

	if (ctl_get_listener(f, &l, e) == -1)
		return -1;
	if (r->nlisteners == LISTENERS) {
		ctl_listener_clear(&l);
		return 0;
	}
	r->listeners = xreallocarray(
	    r->listeners, r->nlisteners + 1, sizeof(*r->listeners));
	r->listeners[r->nlisteners++] = l;
	return 0;
}

void
report_clear_listeners(struct report *r)
{
	size_t i;

	for (i = 0; i < r->nlisteners; i++)
		ctl_listener_clear(&r->listeners[i]);
	free(r->listeners);
}

static bool
is_open(const struct ctl_listener *l)
{
	return strcmp(l->state, "open") == 0;
}

/* ---- for people ---- */

static void
format_place(const struct ctl_listener *l, char out[PLACE_MAX])
{
	bool is_six = strchr(l->address, ':') != NULL;

	snprintf(out, PLACE_MAX, "%s%s%s:%llu", is_six ? "[" : "", l->address,
	    is_six ? "]" : "", (unsigned long long)l->port);
}

/* A version is worth a word where it is an old one. */
static void
format_tls(const struct ctl_listener *l, char out[TLS_MAX])
{
	bool is_old = l->tls_min != NULL && strcmp(l->tls_min, "1.2") < 0;

	snprintf(out, TLS_MAX, "%s%s%s", l->tls, is_old ? ", from " : "",
	    is_old ? l->tls_min : "");
}

static int
wider(int width, const char *text)
{
	int n = (int)strlen(text);

	n = n < WIDTH_MAX ? n : WIDTH_MAX;
	return n > width ? n : width;
}

/* The columns whose longest fits. */
struct columns {
	int name, place, tls;
};

static struct columns
measure(const struct report *r)
{
	struct columns c = { 0, 0, 0 };
	char place[PLACE_MAX], tls[TLS_MAX];
	size_t i;

	c.name = wider(c.name, "LISTENER");
	c.place = wider(c.place, "ADDRESS");
	c.tls = wider(c.tls, "TLS");
	for (i = 0; i < r->nlisteners; i++) {
		format_place(&r->listeners[i], place);
		format_tls(&r->listeners[i], tls);
		c.name = wider(c.name, r->listeners[i].name);
		c.place = wider(c.place, place);
		c.tls = wider(c.tls, tls);
	}
	return c;
}

static void
print_since(const struct report *r, int64_t since, FILE *to)
{
	char when[TEXT_TIME], age[TEXT_SHORT];

	if (since == 0)
		return;
	text_local_time(since, when);
	text_age(r->now - since, age);
	fprintf(to, "    %-8s%s (%s ago)\n", "since", when, age);
}

/* What cannot serve, and what serves instead. */
static void
print_pair(const struct report *r, const struct ctl_listener *l, FILE *to)
{
	bool is_missing;
	char *text;

	if (l->pair_text == NULL)
		return;
	is_missing = l->pair != NULL && strcmp(l->pair, "missing") == 0;
	text = xasprintf("%s: %s",
	    is_missing ? "no certificate that serves"
		       : "the one from before is in use",
	    l->pair_text);
	text_put_para(to, 4, "cert", text);
	text_put_para(to, 4, "do", l->pair_fix);
	print_since(r, l->pair_since, to);
	free(text);
}

static void
print_listener(const struct report *r, const struct ctl_listener *l,
    const struct columns *c, FILE *to)
{
	char place[PLACE_MAX], tls[TLS_MAX], clients[2 * TEXT_SHORT];

	format_place(l, place);
	format_tls(l, tls);
	snprintf(clients, sizeof(clients), "%llu/%llu",
	    (unsigned long long)l->connections,
	    (unsigned long long)l->connections_max);
	fputs("  ", to);
	text_put(to, l->name);
	fprintf(to, "%*s  %-5s %8s  %-*s  %-*s  %s\n",
	    c->name > (int)strlen(l->name) ? c->name - (int)strlen(l->name) : 0,
	    "", l->state, clients, c->place, place, c->tls, tls, l->auth);
	if (!is_open(l)) {
		text_put_para(to, 4, l->state, l->text);
		text_put_para(to, 4, "do", l->fix);
		print_since(r, l->since, to);
	}
	print_pair(r, l, to);
	if (l->ends == NULL)
		return;
	text_put_para(to, 4, "ends", l->ends);
	if (l->is_soon)
		text_put_para(to, 4, "do", l->ends_fix);
}

void
report_print_listeners(const struct report *r, FILE *to)
{
	const struct columns c = measure(r);
	size_t i;

	if (r->nlisteners == 0)
		return;
	fprintf(to, "\n  %-*s  %-5s %8s  %-*s  %-*s  %s\n", c.name, "LISTENER",
	    "STATE", "CLIENTS", c.place, "ADDRESS", c.tls, "TLS", "AUTH");
	for (i = 0; i < r->nlisteners; i++)
		print_listener(r, &r->listeners[i], &c, to);
}

/* ---- for programs ---- */

static void
set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *
number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

/* As an account's, of which there are several. */
static json_t *
json_ends(const struct ctl_listener *l, int64_t now)
{
	json_t *ends = json_array(), *one;

	if (l->ends_at == 0)
		return ends;
	one = json_object();
	set(one, "what", json_string("listener_certificate"));
	set(one, "at", json_time(l->ends_at));
	set(one, "days",
	    json_integer(l->ends_at > now ? (l->ends_at - now) / DAY_S : 0));
	set(one, "source", json_string("certificate"));
	set(one, "text", json_text(l->ends));
	set(one, "fix", json_text(l->ends_fix));
	json_array_append_new(ends, one);
	return ends;
}

static json_t *
json_certificate(const struct ctl_listener *l)
{
	json_t *o;

	if (l->pair == NULL)
		return json_null();
	o = json_object();
	set(o, "state", json_text(l->pair));
	set(o, "since", json_time(l->pair_since));
	set(o, "text", json_text(l->pair_text));
	set(o, "fix", json_text(l->pair_fix));
	return o;
}

static json_t *
json_listener(const struct ctl_listener *l, int64_t now)
{
	json_t *o = json_object();

	set(o, "name", json_text(l->name));
	set(o, "address", json_text(l->address));
	set(o, "port", number(l->port));
	set(o, "lent", json_boolean(l->is_lent));
	set(o, "state", json_text(l->state));
	set(o, "since", json_time(l->since));
	set(o, "text", json_text(l->text));
	set(o, "fix", json_text(l->fix));
	set(o, "tls", json_text(l->tls));
	set(o, "tls_min", json_text(l->tls_min));
	set(o, "auth", json_text(l->auth));
	set(o, "connections", number(l->connections));
	set(o, "connections_max", number(l->connections_max));
	set(o, "messages", number(l->messages));
	set(o, "turned_away", number(l->turned_away));
	set(o, "refused", number(l->refused));
	set(o, "certificate", json_certificate(l));
	set(o, "expires", json_ends(l, now));
	return o;
}

json_t *
report_json_listeners(const struct report *r)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < r->nlisteners; i++)
		json_array_append_new(
		    all, json_listener(&r->listeners[i], r->now));
	return all;
}
