/* SPDX-License-Identifier: ISC */
/*
 * Host names: of servers as the configuration writes them, and this host's
 * own.  Nothing is looked up in a name service here: what this host is called
 * must not depend on whether the network is up.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/conf_priv.h"
#include "common/conf_syntax.h"
#include "common/xalloc.h"

#define MAILNAME     "/etc/mailname"
#define MAILNAME_MAX 512

static bool
is_numeric(const char *host)
{
	unsigned char raw[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, raw) == 1 ||
	       inet_pton(AF_INET6, host, raw) == 1;
}

static int
read_port(const char *text, unsigned *port)
{
	uint64_t v;

	if (syntax_read_number(text, &v) == -1 || v < 1 || v > 65535)
		return -1;
	*port = (unsigned)v;
	return 0;
}

int
conf_host_split(const char *text, char host[CONF_HOST_MAX], unsigned *port)
{
	const char *end, *colon = strchr(text, ':');
	size_t n;

	if (text[0] == '[') { /* RFC 3986 3.2.2 */
		if ((end = strchr(++text, ']')) == NULL ||
		    (end[1] != '\0' && end[1] != ':'))
			return -1;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
		end = text + strlen(text); /* an IPv6 address by itself */
		colon = NULL;
	} else {
		end = colon == NULL ? text + strlen(text) : colon;
	}
	n = (size_t)(end - text);
	if (n == 0 || n >= CONF_HOST_MAX)
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	if (*end == ']' || strchr(host, ':') != NULL) {
		if (!is_numeric(host))
			return -1;
	} else if (!syntax_is_domain(host)) {
		return -1;
	}
	return colon == NULL ? 0 : read_port(colon + 1, port);
}

bool
conf_host_is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;
	size_t n = strlen(host);

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six) != 0;
	/* RFC 6761 6.3 */
	return strcasecmp(host, "localhost") == 0 ||
	       (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0);
}

bool
conf_host_is_address(const char *host)
{
	return is_numeric(host);
}

/* First line of /etc/mailname, or "". */
static void
read_mailname(char *out, size_t size)
{
	struct stat st;
	ssize_t n = 0;
	int fd;

	/* Not blocking: whatever lies there, a program's mail must not wait. */
	fd = open(MAILNAME, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd != -1) {
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			n = read(fd, out, size - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, " \t\r\n")] = '\0';
}

/*
 * An address of this host to name it by: the first that is not loopback, of
 * IPv4 if there is one.  Where none can be had, loopback: a server does not
 * judge what stands in the brackets.
 */
static char *
own_address(void)
{
	struct ifaddrs *all = NULL, *i;
	char text[INET6_ADDRSTRLEN];
	char *out = NULL;

	if (getifaddrs(&all) == -1)
		return xstrdup("127.0.0.1");
	for (i = all; i != NULL && out == NULL; i = i->ifa_next) {
		const struct sockaddr_in *in;

		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
		    (i->ifa_flags & IFF_UP) == 0 ||
		    (i->ifa_flags & IFF_LOOPBACK) != 0)
			continue;
		in = (const struct sockaddr_in *)(const void *)i->ifa_addr;
		if (inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
			out = xstrdup(text);
	}
	freeifaddrs(all);
	return out == NULL ? xstrdup("127.0.0.1") : out;
}

static bool
has_dot(const char *name)
{
	return name != NULL && strchr(name, '.') != NULL;
}

/* "web01" and "contoso.com", or "web01" and "web01.contoso.com". */
static char *
qualify(const char *name, const char *domain)
{
	size_t n = strlen(name);

	if (strncasecmp(domain, name, n) == 0 && domain[n] == '.')
		return xstrdup(domain);
	return xasprintf("%s.%s", name, domain);
}

static char *
address_literal(const char *address)
{
	char *own = address == NULL ? own_address() : xstrdup(address);
	char *literal =
	    xasprintf(strchr(own, ':') != NULL ? "[IPv6:%s]" : "[%s]", own);

	free(own);
	return literal;
}

/*
 * The EHLO name from a bare one, as mailchute.conf(5) has it: never without a
 * dot, since Exchange answers 501 to that.
 */
static char *
full_name(const struct conf *c, const char *name, const char *mailname,
    const char *address, struct conf_notes *n)
{
	char *full;

	if (name != NULL && (has_dot(name) || syntax_is_literal(name)))
		return xstrdup(name);
	if (name != NULL && has_dot(c->local.domain))
		return qualify(name, c->local.domain);
	if (name != NULL && has_dot(mailname))
		return qualify(name, mailname);
	full = address_literal(address);
	conf_note(n, CONF_WARNING, 0,
	    "this host's name \"%s\" has no domain, so it is called %s; set "
	    "local.hostname to a name with a dot",
	    name == NULL ? "" : name, full);
	return full;
}

static void
default_names(struct conf_local *l, const char *bare)
{
	char *first;

	strlist_add(&l->names, l->hostname);
	if (bare != NULL && !syntax_is_literal(bare)) {
		first = xstrndup(bare, strcspn(bare, "."));
		if (!strlist_has(&l->names, first))
			strlist_add(&l->names, first);
		free(first);
	}
	if (!strlist_has(&l->names, "localhost"))
		strlist_add(&l->names, "localhost");
}

void
conf_derive_names(
    struct conf *c, const struct conf_host *host, struct conf_notes *n)
{
	char system[256] = "", mail[MAILNAME_MAX] = "";
	struct conf_local *l = &c->local;
	char *bare = l->hostname;

	if (host != NULL) {
		strlcpy(system, host->hostname, sizeof(system));
		strlcpy(mail, host->mailname, sizeof(mail));
	} else {
		if (gethostname(system, sizeof(system)) == -1)
			system[0] = '\0';
		system[sizeof(system) - 1] = '\0';
		if (l->domain == NULL || !has_dot(l->domain))
			read_mailname(mail, sizeof(mail));
	}
	if (!syntax_is_domain(mail))
		mail[0] = '\0';
	if (bare == NULL && syntax_is_domain(system))
		bare = xstrdup(system);
	l->hostname =
	    full_name(c, bare, mail, host == NULL ? NULL : host->address, n);
	if (l->domain == NULL)
		l->domain = xstrdup(mail[0] != '\0' ? mail : l->hostname);
	if (l->names.n == 0)
		default_names(l, bare);
	free(bare);
}
