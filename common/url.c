/* SPDX-License-Identifier: ISC */
/* Taking addresses apart. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/url.h"

static int
bad(struct err *e, const char *why)
{
	return err_set(e, ERR_LOCAL, "5.3.5", "%s", why);
}

static bool
is_clean(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f || strchr("\"<>\\^`{|}", *s))
			return false;
	return true;
}

static bool
is_host(const char *s)
{
	return s[0] != '\0' && s[0] != '-' && s[0] != '.' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789.-_") == strlen(s);
}

static int
parse_port(const char *text, unsigned *port)
{
	const char *problem;

	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return -1;
	*port = (unsigned)strtonum(text, 1, 65535, &problem);
	return problem == NULL ? 0 : -1;
}

/* "host", "host:port", "[address]:port" */
static int
parse_place(char *place, struct url *u, struct err *e)
{
	char *end, *host = place;

	if (place[0] == '[') {
		host++;
		if ((end = strchr(place, ']')) == NULL)
			return bad(e, "a bracket is not closed");
		*end++ = '\0';
		u->is_ipv6 = true;
		if (!conf_host_is_address(host) || strchr(host, ':') == NULL)
			return bad(e, "in brackets stands no IPv6 address");
		if (*end != '\0' && *end != ':')
			return bad(e, "after the host stands no port");
	} else {
		end = host + strcspn(host, ":");
	}
	if (*end == ':') {
		*end = '\0';
		if (parse_port(end + 1, &u->port) == -1)
			return bad(e, "the port is no number up to 65535");
	}
	if (!u->is_ipv6 && !is_host(host))
		return bad(e, "the host is no name and no address");
	strlcpy(u->host, host, sizeof(u->host));
	return 0;
}

int
url_parse(const char *text, struct url *u, struct err *e)
{
	char place[sizeof(u->host) + 16];
	const char *from;
	size_t n;

	memset(u, 0, sizeof(*u));
	if (!is_clean(text))
		return bad(e, "it holds octets that belong in no address");
	if (strncmp(text, "https://", 8) == 0)
		u->is_https = true;
	else if (strncmp(text, "http://", 7) != 0)
		return bad(e, "it begins neither with https:// nor http://");
	from = text + (u->is_https ? 8 : 7);
	u->port = u->is_https ? 443 : 80;
	if (strchr(from, '#') != NULL)
		return bad(e, "it has a fragment (#), which no server sees");
	n = strcspn(from, "/?");
	if (memchr(from, '@', n) != NULL)
		return bad(e, "a user or password does not belong in it");
	if (n >= sizeof(u->host))
		return bad(e, "the host is too long");
	memcpy(place, from, n);
	place[n] = '\0';
	u->path = from + n;
	return parse_place(place, u, e);
}

bool
url_is_local(const struct url *u)
{
	return strcmp(u->host, URL_IMDS_HOST) == 0 ||
	       conf_host_is_loopback(u->host);
}
