/* SPDX-License-Identifier: ISC */
/*
 * Defaults that depend on other options, and the rules across options.  A
 * configuration that cannot work is refused here, with the reason and the way
 * out, rather than by a server at night.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/conf_priv.h"
#include "common/conf_provider.h"
#include "common/conf_syntax.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define OFFICE365_CONNECTIONS 3  /* of one mailbox; then 432 4.3.2 */
#define OFFICE365_RATE        30 /* messages of one mailbox in a minute */
#define PORT_SMTPS            465
#define NOTE_TEXT             768

static size_t
option_index(enum conf_section s, const char *name)
{
	return (size_t)(conf_option_find(s, name) - conf_options);
}

static unsigned
global_line(const struct conf *c, enum conf_section s, const char *name)
{
	return c->origins->global.option[option_index(s, name)];
}

bool
conf_check_given(const struct conf_check *k, const char *option)
{
	return k->lines->option[option_index(SECTION_ACCOUNT, option)] != 0;
}

/* At the option's line, or, where it was not given, at its section's. */
void
conf_check_note(const struct conf_check *k, enum conf_severity severity,
    const char *option, const char *fmt, ...)
{
	const char *name = k->account->name;
	char text[NOTE_TEXT];
	unsigned line;
	va_list ap;

	line = k->lines->option[option_index(SECTION_ACCOUNT, option)];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_note(k->notes, severity, line != 0 ? line : k->lines->section,
	    "[account%s%s]: %s", *name == '\0' ? "" : " ", name, text);
}

/* ---- [queue], [local], [log] ---- */

/* An error, after which the default stands: the front end goes on with it. */
static void
refuse_global(struct conf *c, struct conf_notes *n, enum conf_section s,
    const char *name, const char *why)
{
	const struct conf_option *o = conf_option_find(s, name);

	conf_note(n, CONF_ERROR, global_line(c, s, name), "%s: %s", name, why);
	conf_value_clear(o, c);
	conf_set_default(o, c);
}

void
conf_check_queue(struct conf *c, struct conf_notes *n)
{
	struct sockaddr_un un;

	/* "/control" is the longest name in it. */
	if (strlen(c->queue.socket_directory) + sizeof("/control") >
	    sizeof(un.sun_path))
		refuse_global(c, n, SECTION_QUEUE, "socket_directory",
		    "the path is too long for a socket (at most 90 octets are "
		    "safe everywhere)");
	if (strcmp(c->queue.user, "root") == 0)
		refuse_global(c, n, SECTION_QUEUE, "user",
		    "mailchuted does not stay root; name another user");
	if (c->queue.delay_notice_s >= c->queue.lifetime_s)
		conf_note(n, CONF_WARNING,
		    global_line(c, SECTION_QUEUE, "lifetime"),
		    "lifetime is over before delay_notice: nobody is told of a "
		    "delay");
}

static void
check_log(struct conf *c, struct conf_notes *n)
{
	if (c->log.target == CONF_LOG_FILE && c->log.file == NULL)
		conf_note(n, CONF_ERROR, global_line(c, SECTION_LOG, "target"),
		    "target = file needs the option \"file\" too");
	if (c->log.target != CONF_LOG_FILE && c->log.file != NULL)
		conf_note(n, CONF_WARNING, global_line(c, SECTION_LOG, "file"),
		    "file has no effect without target = file");
}

/* ---- one account ---- */

/* Microsoft takes no implicit TLS for submission, and nothing on port 465. */
static void
check_host(const struct conf_check *k, const char *text)
{
	const struct conf_account *a = k->account;
	unsigned port = a->port;
	char host[CONF_HOST_MAX];

	if (conf_host_split(text, host, &port) == -1)
		return; /* complained of when it was read */
	if (conf_provider_owns(host) && port == PORT_SMTPS)
		conf_check_note(k, CONF_ERROR, "port",
		    "%s does not answer on port 465; use port 587 with tls = "
		    "starttls",
		    host);
	if (conf_provider_owns(host) && a->tls == TLS_IMPLICIT)
		conf_check_note(k, CONF_ERROR, "tls",
		    "%s has no implicit TLS; use tls = starttls on port 587",
		    host);
	if (provider_is_office365(a->provider) && conf_host_is_address(host) &&
	    !conf_host_is_loopback(host))
		conf_check_note(k, CONF_ERROR, "host",
		    "host %s is an address, and Microsoft's have changing "
		    "ones; use the host's name, or leave the line out",
		    host);
	if (a->tls == TLS_NONE && !conf_host_is_loopback(host))
		conf_check_note(k, CONF_ERROR, "tls",
		    "tls = none is for loopback alone, and %s is not; use "
		    "starttls or implicit",
		    host);
}

static void
check_hosts(const struct conf_check *k)
{
	struct conf_account *a = k->account;
	const char *host = conf_provider_get(a->provider)->host;
	size_t i;

	if (a->hosts.n == 0 && host != NULL)
		strlist_add(&a->hosts, host);
	else if (a->hosts.n == 0 && !conf_check_given(k, "host"))
		conf_check_note(
		    k, CONF_ERROR, "provider", "provider = smtp needs a host");
	if (a->hosts.n > 1 && provider_is_office365(a->provider))
		conf_check_note(k, CONF_ERROR, "host",
		    "several hosts are for provider = smtp; Microsoft's is "
		    "one");
	for (i = 0; i < a->hosts.n; i++)
		check_host(k, a->hosts.v[i]);
	if (a->tls == TLS_IMPLICIT && !conf_check_given(k, "port"))
		conf_check_note(k, CONF_WARNING, "tls",
		    "tls = implicit on port 587; servers mostly have it on "
		    "port 465");
}

/* Both with their ports, since one machine may be both. */
static bool
is_default_host(const struct conf_account *a)
{
	char legacy[CONF_HOST_MAX], host[CONF_HOST_MAX];
	unsigned legacy_port = a->port, port;
	size_t i;

	if (conf_host_split(a->legacy_host, legacy, &legacy_port) == -1)
		return false;
	for (i = 0; i < a->hosts.n; i++) {
		port = a->port;
		if (conf_host_split(a->hosts.v[i], host, &port) == 0 &&
		    port == legacy_port && strcasecmp(host, legacy) == 0)
			return true;
	}
	return false;
}

static void
check_legacy(const struct conf_check *k)
{
	struct conf_account *a = k->account;
	const struct conf_provider *p = conf_provider_get(a->provider);

	if (a->legacy_host == NULL && p->legacy_host != NULL)
		a->legacy_host = xstrdup(p->legacy_host);
	if (a->legacy == LEGACY_OFF) {
		if (conf_check_given(k, "legacy_host"))
			conf_check_note(k, CONF_WARNING, "legacy_host",
			    "legacy_host has no effect with legacy = off");
		return;
	}
	if (a->provider == PROVIDER_OFFICE365_GCC_HIGH ||
	    a->provider == PROVIDER_OFFICE365_DOD)
		conf_check_note(k, CONF_ERROR, "legacy",
		    "%s has no legacy endpoint (Microsoft offers none in the "
		    "US Government clouds); use legacy = off",
		    p->name);
	else if (a->tls_min >= 13)
		conf_check_note(k, CONF_ERROR, "legacy",
		    "legacy admits TLS 1.0 and tls_min asks for 1.3; use one "
		    "of them");
	else if (a->legacy_host == NULL)
		conf_check_note(k, CONF_ERROR, "legacy",
		    "legacy needs a legacy_host at provider = smtp");
	else if (a->tls == TLS_NONE)
		conf_check_note(k, CONF_ERROR, "legacy",
		    "legacy is about TLS and tls = none asks for none; use one "
		    "of them");
	else if (is_default_host(a))
		conf_check_note(k, CONF_ERROR, "legacy_host",
		    "legacy_host is a host of the account, which would then "
		    "speak TLS 1.0; the legacy endpoint is another one");
}

static void
check_limits(const struct conf_check *k)
{
	struct conf_account *a = k->account;

	if (a->provider == PROVIDER_SMTP) {
		if (!conf_check_given(k, "rate"))
			memset(&a->rate, 0, sizeof(a->rate));
		if (!conf_check_given(k, "recipients_per_day"))
			a->recipients_per_day = 0;
	} else {
		if (a->connections > OFFICE365_CONNECTIONS)
			conf_check_note(k, CONF_ERROR, "connections",
			    "connections = %u is more than the %d that "
			    "Exchange Online admits",
			    a->connections, OFFICE365_CONNECTIONS);
		if (a->rate.count == 0 ||
		    (uint64_t)a->rate.count * 60 >
			OFFICE365_RATE * (uint64_t)a->rate.per_s)
			conf_check_note(k, CONF_WARNING, "rate",
			    "rate is above the %d messages a minute that "
			    "Exchange Online admits; it will throttle",
			    OFFICE365_RATE);
	}
	if (a->backoff_min_s > a->backoff_max_s)
		conf_check_note(k, CONF_ERROR, "backoff_min",
		    "backoff_min is longer than backoff_max");
}

/* From becomes the user, so the user has to be an address. */
static void
check_sender(const struct conf_check *k)
{
	struct conf_account *a = k->account;
	bool is_address = a->user != NULL && syntax_is_address(a->user);

	if (a->user == NULL) {
		if (a->auth != AUTH_NONE && !conf_check_given(k, "user"))
			conf_check_note(k, CONF_ERROR, "user",
			    "there is no user, the mailbox that signs in");
	} else if (!is_address && provider_is_office365(a->provider)) {
		conf_check_note(k, CONF_ERROR, "user",
		    "user \"%.80s\" is not an address; Exchange Online signs "
		    "in by the mailbox's whole address",
		    a->user);
	} else if (!is_address && a->rewrite != REWRITE_NEVER) {
		conf_check_note(k, CONF_ERROR, "user",
		    "user \"%.80s\" is not an address, so mail cannot be "
		    "rewritten to come from it; use rewrite = never",
		    a->user);
	}
	if (is_address && a->senders.n == 0)
		strlist_add(&a->senders, a->user);
}

static void
check_account(struct conf *c, size_t i, struct conf_notes *n)
{
	const struct conf_check k = { &c->accounts[i], &c->origins->account[i],
		n };

	conf_check_auth(&k);
	check_hosts(&k);
	check_legacy(&k);
	check_limits(&k);
	check_sender(&k);
}

/* ---- all accounts ---- */

static void
choose_default(struct conf *c, struct conf_notes *n)
{
	const struct conf_account *plain = conf_account_find(c, "");

	if (plain != NULL)
		c->default_account = (size_t)(plain - c->accounts);
	else if (c->naccounts == 0)
		conf_note(n, CONF_ERROR, 0,
		    "there is no [account]: mail has nowhere to go");
	else if (c->naccounts > 1)
		conf_note(n, CONF_ERROR, c->origins->account[1].section,
		    "there are several named accounts and no plain [account], "
		    "which would be the default one");
}

static void
check_admin(struct conf *c, struct conf_notes *n)
{
	const char *user =
	    c->naccounts == 0 ? NULL : c->accounts[c->default_account].user;
	struct conf_local *l = &c->local;

	if (l->admin == NULL && user != NULL && syntax_is_address(user))
		l->admin = xstrdup(user);
	if (l->admin == NULL && c->naccounts > 0)
		conf_note(n, CONF_WARNING, 0,
		    "local.admin is not set: mail to local names without an "
		    "alias goes to that name in local.domain");
	else if (l->admin != NULL &&
		 strlist_has(&l->names, strrchr(l->admin, '@') + 1))
		conf_note(n, CONF_WARNING,
		    global_line(c, SECTION_LOCAL, "admin"),
		    "admin is itself a local name (see local.names): without "
		    "an alias its mail has no way");
}

void
conf_check_accounts(struct conf *c, struct conf_notes *n)
{
	size_t i;

	check_log(c, n);
	choose_default(c, n);
	for (i = 0; i < c->naccounts; i++)
		check_account(c, i, n);
	check_admin(c, n);
}
