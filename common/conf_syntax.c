/* SPDX-License-Identifier: ISC */
/*
 * The shapes of values.  These checks catch what was mistyped, early and with
 * a line number; they do not replace those of the programs that use a value.
 */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/conf_syntax.h"
#include "common/network.h"
#include "common/utf8.h"
#include "common/xalloc.h"

#define DOMAIN_MAX  253 /* RFC 1035 2.3.4 as text */
#define LABEL_MAX   63
#define LOCAL_MAX   64 /* RFC 5321 4.5.3.1.1 */
#define ACCOUNT_MAX 64

static bool
is_alnum(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* An octet of a UTF-8 sequence: international names (RFC 6531). */
static bool
is_high(char c)
{
	return ((unsigned char)c & 0x80) != 0;
}

bool
syntax_is_text(const char *text)
{
	return *text != '\0' && utf8_is_text(text);
}

bool
syntax_is_word(const char *text)
{
	return syntax_is_text(text) && strpbrk(text, " \t\"'<>") == NULL;
}

static bool
is_label(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > LABEL_MAX || p[0] == '-' || p[n - 1] == '-')
		return false;
	for (i = 0; i < n; i++)
		if (!is_alnum(p[i]) && p[i] != '-' && p[i] != '_' &&
		    !is_high(p[i]))
			return false;
	return true;
}

bool
syntax_is_domain(const char *text)
{
	const char *p = text;
	size_t n;

	if (strlen(text) > DOMAIN_MAX || !utf8_is_text(text))
		return false;
	for (;;) {
		n = strcspn(p, ".");
		if (!is_label(p, n))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

bool
syntax_is_literal(const char *text)
{
	unsigned char raw[sizeof(struct in6_addr)];
	char inside[64];
	size_t n = strlen(text);

	if (n < 3 || n > sizeof(inside) || text[0] != '[' || text[n - 1] != ']')
		return false;
	memcpy(inside, text + 1, n - 2);
	inside[n - 2] = '\0';
	if (strncasecmp(inside, "IPv6:", 5) == 0)
		return inet_pton(AF_INET6, inside + 5, raw) == 1;
	return inet_pton(AF_INET, inside, raw) == 1;
}

bool
syntax_is_hostname(const char *text)
{
	return syntax_is_domain(text) || syntax_is_literal(text);
}

/* A dot-atom (RFC 5322 3.2.3); quoted local parts are not for configuring. */
static bool
is_local(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > LOCAL_MAX || p[0] == '.' || p[n - 1] == '.')
		return false;
	for (i = 0; i < n; i++) {
		if (p[i] == '.' && p[i + 1] == '.')
			return false;
		if (!is_alnum(p[i]) && !is_high(p[i]) &&
		    strchr(".!#$%&'*+-/=?^_`{|}~", p[i]) == NULL)
			return false;
	}
	return true;
}

bool
syntax_is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	return at != NULL && is_local(text, (size_t)(at - text)) &&
	       syntax_is_domain(at + 1) && utf8_is_text(text);
}

bool
syntax_is_ip(const char *text)
{
	struct network n;

	return strchr(text, '/') == NULL && network_parse(text, &n) == 0;
}

bool
syntax_is_network(const char *text)
{
	struct network n;

	return network_parse(text, &n) == 0;
}

bool
syntax_is_pattern(const char *text)
{
	if (strcmp(text, "*") == 0)
		return true;
	if (text[0] == '@')
		return syntax_is_domain(text + 1);
	if (strncmp(text, "*@*.", 4) == 0)
		return syntax_is_domain(text + 4);
	return syntax_is_address(text) && strchr(text, '*') == NULL;
}

const char *
syntax_sender(const char *text, struct network *n)
{
	const char *equals = strchr(text, '=');
	char *head;
	int rc;

	n->family = AF_UNSPEC;
	if (equals == NULL)
		return text;
	/* "a=b@contoso.com" is an address, too. */
	head = xstrndup(text, (size_t)(equals - text));
	rc = network_parse(head, n);
	free(head);
	if (rc == 0)
		return equals + 1;
	n->family = AF_UNSPEC;
	return text;
}

/*
 * "10.1.1.1/8=@x.example" has a slip in its network: as an address, which it
 * could be, it would be nobody's.
 */
static bool
has_bad_network(const char *text)
{
	size_t n = strcspn(text, "=");

	return text[n] == '=' && is_alnum(text[0]) &&
	       strspn(text, "0123456789abcdefABCDEF.:/") == n &&
	       (strcspn(text, ":/") < n || (strspn(text, "0123456789.") == n &&
					       strcspn(text, ".") < n));
}

bool
syntax_is_sender(const char *text)
{
	struct network n;
	const char *pattern = syntax_sender(text, &n);

	return syntax_is_pattern(pattern) &&
	       (n.family != AF_UNSPEC || !has_bad_network(text));
}

bool
syntax_is_account(const char *text)
{
	size_t i, n = strlen(text);

	if (n == 0 || n > ACCOUNT_MAX || text[0] == '-')
		return false;
	for (i = 0; i < n; i++)
		/* "\" and "@" occur in names that come from a directory. */
		if (!is_alnum(text[i]) && !is_high(text[i]) &&
		    strchr("._-+$@\\", text[i]) == NULL)
			return false;
	return utf8_is_text(text);
}

bool
syntax_is_account_or_group(const char *text)
{
	return syntax_is_account(text[0] == '@' ? text + 1 : text);
}

bool
syntax_is_absolute(const char *text)
{
	return text[0] == '/' && utf8_is_text(text);
}

bool
syntax_is_id(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '.')
			return false;
	return i > 0 && i <= DOMAIN_MAX;
}

bool
syntax_is_url(const char *text)
{
	const char *rest;

	if (strncmp(text, "https://", 8) == 0)
		rest = text + 8;
	else if (strncmp(text, "http://", 7) == 0)
		rest = text + 7;
	else
		return false;
	return syntax_is_word(rest) && *rest != '/' && *rest != ':';
}

bool
syntax_is_hostport(const char *text)
{
	char host[CONF_HOST_MAX];
	unsigned port = 0;

	return conf_host_split(text, host, &port) == 0;
}

bool
syntax_is_date(const char *text)
{
	static const unsigned days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	unsigned year, month, day;
	size_t i;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	for (i = 0; i < 10; i++)
		if (i != 4 && i != 7 && !isdigit((unsigned char)text[i]))
			return false;
	year = (unsigned)((text[0] - '0') * 1000 + (text[1] - '0') * 100 +
			  (text[2] - '0') * 10 + (text[3] - '0'));
	month = (unsigned)((text[5] - '0') * 10 + (text[6] - '0'));
	day = (unsigned)((text[8] - '0') * 10 + (text[9] - '0'));
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day != 29 ||
	       (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* Digits at the start of text; where they end, or NULL when there are none. */
static const char *
read_digits(const char *text, uint64_t *v)
{
	const char *p;

	*v = 0;
	for (p = text; isdigit((unsigned char)*p); p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (*v > (UINT64_MAX - digit) / 10)
			return NULL;
		*v = *v * 10 + digit;
	}
	return p == text ? NULL : p;
}

int
syntax_read_number(const char *text, uint64_t *v)
{
	const char *end = read_digits(text, v);

	return end == NULL || *end != '\0' ? -1 : 0;
}

int
syntax_read_duration(const char *text, uint64_t *seconds)
{
	static const char units[] = "smhdw";
	static const uint64_t factor[] = { 1, 60, 3600, 86400, 604800 };
	const char *end = read_digits(text, seconds), *unit;

	if (end == NULL || *end == '\0' || end[1] != '\0' ||
	    (unit = strchr(units, *end)) == NULL)
		return -1;
	/* As int64_t too, which is what seconds are kept in. */
	if (*seconds > (uint64_t)INT64_MAX / factor[unit - units])
		return -1;
	*seconds *= factor[unit - units];
	return 0;
}

int
syntax_read_size(const char *text, uint64_t *octets)
{
	static const char units[] = "KMG";
	const char *end = read_digits(text, octets), *unit;
	unsigned shift;

	if (end == NULL)
		return -1;
	if (*end == '\0')
		return 0;
	if (end[1] != '\0' || (unit = strchr(units, *end)) == NULL)
		return -1;
	shift = 10 * (unsigned)(unit - units + 1);
	if (*octets > UINT64_MAX >> shift)
		return -1;
	*octets <<= shift;
	return 0;
}
