/* SPDX-License-Identifier: ISC */
/* The marks that Exchange Online puts behind its replies, left out of account.
 */
#include "config.h"

#include <string.h>

#include "mail/chars.h"
#include "mail/suffix.h"

/* The name of a server of theirs: labels, of which the last are a domain's. */
static size_t
host_length(const char *p)
{
	size_t n, dots = 0, letters = 0;

	for (n = 0; char_is_alnum(p[n]) || p[n] == '-' || p[n] == '.'; n++) {
		dots += p[n] == '.';
		letters += char_is_alnum(p[n]) && !char_is_digit(p[n]);
	}
	return dots >= 2 && letters > 0 ? n : 0;
}

/* The octets of a mark that begins at p, with the blanks before; or 0. */
static size_t
mark_length(const char *p)
{
	static const char hostname[] = "[Hostname=";
	size_t blanks = strspn(p, " "), n = blanks, host;
	const char *end;

	if (strncmp(p + n, hostname, sizeof(hostname) - 1) == 0)
		n += sizeof(hostname) - 1;
	else if (p[n] == '[')
		n++;
	else
		return 0;
	host = host_length(p + n);
	end = strchr(p + n, ']');
	if (host == 0 || end == NULL ||
	    strspn(p + n + host, " 0123456789ABCDEFTZabcdef:.-") <
		(size_t)(end - (p + n + host)))
		return 0;
	return (size_t)(end - p) + 1;
}

static const char *
skip_marks(const char *p)
{
	size_t n;

	while ((*p == ' ' || *p == '[') && (n = mark_length(p)) > 0)
		p += n;
	return p;
}

bool
suffix_same(const char *a, const char *b)
{
	for (;;) {
		a = skip_marks(a);
		b = skip_marks(b);
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}
