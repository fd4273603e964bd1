/* SPDX-License-Identifier: ISC */
/*
 * The rules of a listener.  It is a door into the tenant's mailbox: one that
 * is open wider than was meant is refused here.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/network.h"

#define NOTE_TEXT 512

struct listen_check {
	const struct conf *conf;
	struct conf_listen *listener;
	const struct conf_lines *lines;
	struct conf_notes *notes;
};

static unsigned
line_of(const struct listen_check *k, const char *option)
{
	return k->lines
	    ->option[conf_option_find(SECTION_LISTEN, option) - conf_options];
}

static bool
is_given(const struct listen_check *k, const char *option)
{
	return line_of(k, option) != 0;
}

static void __attribute__((format(printf, 4, 5)))
note(const struct listen_check *k, enum conf_severity severity,
    const char *option, const char *fmt, ...)
{
	char text[NOTE_TEXT];
	unsigned line = line_of(k, option);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_note(k->notes, severity, line != 0 ? line : k->lines->section,
	    "[listen %s]: %s", k->listener->name, text);
}

static bool
is_local(const struct conf_listen *l)
{
	struct network n;

	return network_parse(l->address, &n) == 0 && network_is_loopback(&n);
}

static bool
is_of_world(const char *network)
{
	struct network n;

	return network_parse(network, &n) == 0 && network_is_world(&n);
}

static void
check_allow(const struct listen_check *k)
{
	struct conf_listen *l = k->listener;
	size_t i;

	if (l->allow.n == 0 && is_local(l)) {
		strlist_add(&l->allow, "127.0.0.0/8");
		strlist_add(&l->allow, "::1");
	} else if (l->allow.n == 0 && !is_given(k, "allow")) {
		note(k, CONF_ERROR, "address",
		    "address %s is not loopback, so that allow has to name the "
		    "networks whose clients may connect",
		    l->address);
	}
	if (l->auth == LISTEN_AUTH_REQUIRED)
		return;
	for (i = 0; i < l->allow.n; i++)
		if (is_of_world(l->allow.v[i]))
			note(k, CONF_ERROR, "allow",
			    "%s is the world, which could then send as you "
			    "do; name your own networks, or set auth = "
			    "required",
			    l->allow.v[i]);
}

static void
check_tls(const struct listen_check *k)
{
	static const char *const options[] = { "certificate_file", "key_file",
		"tls_min" };
	const struct conf_listen *l = k->listener;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (l->tls == LISTEN_TLS_NONE && is_given(k, options[i]))
			note(k, CONF_WARNING, options[i],
			    "%s has no effect with tls = none", options[i]);
		if (l->tls != LISTEN_TLS_NONE && i < 2 &&
		    !is_given(k, options[i]))
			note(k, CONF_ERROR, "tls", "tls needs %s", options[i]);
	}
}

/*
 * Old TLS is for devices that are near.  Who lets in the world asks for
 * passwords, and those are what somebody on the way would be after.
 */
static void
check_old_tls(const struct listen_check *k)
{
	const struct conf_listen *l = k->listener;
	size_t i;

	if (l->tls == LISTEN_TLS_NONE || l->tls_min >= 12)
		return;
	for (i = 0; i < l->allow.n; i++)
		if (is_of_world(l->allow.v[i]))
			note(k, CONF_WARNING, "tls_min",
			    "TLS below 1.2 protects no password on its way "
			    "from anywhere (allow has %s); give old devices a "
			    "listener of their own that allows their networks",
			    l->allow.v[i]);
}

static void
check_auth(const struct listen_check *k)
{
	const struct conf_listen *l = k->listener;

	if (l->auth == LISTEN_AUTH_OFF && is_given(k, "users_file"))
		note(k, CONF_WARNING, "users_file",
		    "users_file has no effect with auth = off");
	if (l->auth == LISTEN_AUTH_OFF)
		return;
	if (!is_given(k, "users_file"))
		note(k, CONF_ERROR, "auth", "auth needs users_file");
	if (l->tls != LISTEN_TLS_REQUIRED && l->tls != LISTEN_TLS_IMPLICIT &&
	    !is_local(l))
		note(k, CONF_WARNING, "auth",
		    "passwords may cross the network in the clear; tls = "
		    "required prevents that");
}

static void
check_limits(const struct listen_check *k)
{
	struct conf_listen *l = k->listener;
	uint64_t max = k->conf->queue.message_size_max;

	if (!is_given(k, "max_size"))
		l->max_size = max;
	if (l->max_size > max)
		note(k, CONF_ERROR, "max_size",
		    "max_size is more than queue.message_size_max, beyond "
		    "which nothing is taken");
	if (l->client_connections > l->connections)
		note(k, CONF_ERROR, "client_connections",
		    "client_connections is more than the connections of all "
		    "clients");
}

static void
check_account(const struct listen_check *k)
{
	const struct conf_listen *l = k->listener;

	if (l->account != NULL &&
	    conf_account_find(k->conf, l->account) == NULL)
		note(k, CONF_ERROR, "account", "there is no [account %s]",
		    l->account);
}

/* The second of two on one place could not be bound. */
static bool
is_taken(const char *address, const char *by)
{
	struct network a, b;

	return network_parse(address, &a) == 0 && network_parse(by, &b) == 0 &&
	       a.family == b.family &&
	       (network_is_any(&a) || network_is_any(&b) ||
		   network_covers(&a, &b));
}

static void
check_place(const struct listen_check *k, size_t i)
{
	const struct conf_listen *l = k->listener, *other = k->conf->listeners;

	for (; i > 0; i--, other++)
		if (other->port == l->port && l->address != NULL &&
		    other->address != NULL &&
		    is_taken(l->address, other->address))
			note(k, CONF_ERROR, "port",
			    "[listen %s] has port %u of %s already",
			    other->name, l->port, other->address);
}

void
conf_check_listeners(struct conf *c, struct conf_notes *n)
{
	size_t i;

	for (i = 0; i < c->nlisteners; i++) {
		const struct listen_check k = { c, &c->listeners[i],
			&c->origins->listen[i], n };

		check_place(&k, i);
		check_allow(&k);
		check_tls(&k);
		check_old_tls(&k);
		check_auth(&k);
		check_limits(&k);
		check_account(&k);
	}
}
