/* SPDX-License-Identifier: ISC */
/*
 * Hosts, addresses, connections.  An address that does not answer must not
 * eat the time of the next: each has its own deadline, a shorter one while
 * others are left.
 */
#include "config.h"

#include <sys/types.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "mail/phase.h"
#include "delivery/address.h"
#include "delivery/idn.h"
#include "delivery/resolve.h"

#define ADDRESSES_MAX 16 /* of one host that are tried */

/* An address that has a successor gets this part of the limit. */
#define HURRY 3

/* ---- what the configuration says ---- */

static bool
is_ipv6(const char *s)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET6, s, address) == 1;
}

static int
bad_host(struct err *e, const char *text)
{
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "account.host: \"%s\" is no host, host:port or [address]:port",
	    text);
}

/* Digits of a port; 0 when they are none. */
static unsigned
parse_port(const char *s)
{
	const char *problem;
	unsigned port;

	if (strspn(s, "0123456789") != strlen(s))
		return 0;
	port = (unsigned)strtonum(s, 1, 65535, &problem);
	return problem == NULL ? port : 0;
}

/* Splits "name:port" and "[address]:port" in place; *port as given or 0. */
static int
split_port(char *text, char **name, unsigned *port)
{
	char *end;

	*name = text;
	if (text[0] == '[') {
		if ((end = strchr(text, ']')) == NULL)
			return -1;
		*end++ = '\0';
		*name = text + 1;
		if (!is_ipv6(*name))
			return -1;
		if (*end == '\0')
			return 0;
		if (*end != ':')
			return -1;
	} else if (is_ipv6(text) || (end = strchr(text, ':')) == NULL) {
		return 0;
	}
	*end = '\0';
	*port = parse_port(end + 1);
	return *port == 0 ? -1 : 0;
}

static bool
is_plausible_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 254 && s[0] != '-' && s[0] != '.' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789.-_") == n;
}

int
host_parse(const char *text, unsigned port, struct host *h, struct err *e)
{
	char copy[512], *name, *ascii;

	h->port = port;
	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy) ||
	    split_port(copy, &name, &h->port) == -1)
		return bad_host(e, text);
	if (is_ipv6(name)) {
		strlcpy(h->name, name, sizeof(h->name));
		return 0;
	}
	if ((ascii = idn_to_ascii(name)) == NULL || !is_plausible_name(ascii)) {
		free(ascii);
		return bad_host(e, text);
	}
	strlcpy(h->name, ascii, sizeof(h->name));
	free(ascii);
	return 0;
}

/* ---- one after the other ---- */

/* What each host and address said, as far as there is room. */
struct tale {
	char text[ERR_TEXT_MAX - 32];
	unsigned untold;
};

static void
tale_add(struct tale *t, const char *text)
{
	size_t n = strlen(t->text);

	if (n > 0 && (t->untold > 0 ||
			 n + strlen("; ") + strlen(text) >= sizeof(t->text)))
		t->untold++;
	else
		snprintf(t->text + n, sizeof(t->text) - n, "%s%s",
		    n == 0 ? "" : "; ", text);
}

static void
tale_tell(const struct tale *t, char *out, size_t size)
{
	if (t->untold > 0)
		snprintf(
		    out, size, "%s; and %u more failed", t->text, t->untold);
	else
		strlcpy(out, t->text, size);
}

struct search {
	const struct job_session *js;
	int watch;
	bool is_last_host;
	struct tale tale;
};

static int
connect_any(struct search *w, const struct host *h, const struct addrinfo *list,
    struct job_ready *sofar, bool *is_loopback, struct err *e)
{
	const struct addrinfo *a;
	int64_t limit;
	int fd, tried = 0;

	for (a = list; a != NULL && tried < ADDRESSES_MAX; a = a->ai_next) {
		tried++;
		limit = phase_limit_ms(PHASE_CONNECT);
		if (a->ai_next != NULL || !w->is_last_host)
			limit /= HURRY;
		address_format(a, sofar->address, sizeof(sofar->address));
		fd = address_connect(a, w->watch, clock_mono_ms() + limit);
		if (fd != -1) {
			*is_loopback = address_is_loopback(a->ai_addr);
			return fd;
		}
		if (errno == ECANCELED)
			return err_set(e, ERR_LOCAL, "4.3.2",
			    "mailchuted ended this session while connecting");
		err_errno(e, ERR_TEMP, RESOLVE_NO_HOST, "connecting to %s, %s",
		    h->name, sofar->address);
		tale_add(&w->tale, e->text);
	}
	return -1;
}

/* The socket, or -1; with ERR_TEMP the next host may do. */
static int
connect_host(struct search *w, const char *text, struct host *h,
    struct job_ready *sofar, bool *is_loopback, struct err *e)
{
	struct addrinfo *list;
	int fd;

	if (host_parse(text, w->js->port, h, e) == -1)
		return -1;
	strlcpy(sofar->relay, h->name, sizeof(sofar->relay));
	sofar->address[0] = '\0';
	if (address_find(h->name, h->port, w->js->family, &list, e) == -1) {
		tale_add(&w->tale, e->text);
		return -1;
	}
	fd = connect_any(w, h, list, sofar, is_loopback, e);
	freeaddrinfo(list);
	return fd;
}

int
resolve_connect(const struct job_session *js, int watch, struct host *h,
    struct job_ready *sofar, bool *is_loopback, struct err *e)
{
	struct search w = { .js = js, .watch = watch };
	size_t i, n = js->hosts.n;
	struct err last = { 0 };
	int fd = -1;

	/* There is one host at least, or the session was refused. */
	for (i = 0; i < n && fd == -1; i++) {
		sofar->host = (unsigned)((js->first_host + i) % n);
		sofar->passed = (unsigned)i;
		w.is_last_host = i + 1 == n;
		fd = connect_host(
		    &w, js->hosts.v[sofar->host], h, sofar, is_loopback, &last);
		if (fd == -1 && last.class == ERR_LOCAL) {
			*e = last;
			return -1;
		}
	}
	tale_tell(&w.tale, sofar->said, sizeof(sofar->said));
	if (fd != -1)
		return fd;
	sofar->passed = (unsigned)n;
	return err_set(e, last.class, last.status, "%s", sofar->said);
}
