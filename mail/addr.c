/* SPDX-License-Identifier: ISC */
/*
 * One address: is it fit for an envelope, is it the same as another, does it
 * match a pattern.  addr_check is the gate between what people typed and what
 * goes into an SMTP command, so it admits what it knows and nothing else.
 */
#include "config.h"

#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "mail/addr.h"
#include "mail/chars.h"

#define LABEL_MAX  63  /* RFC 1035 2.3.4 */
#define DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */
#define SHOWN_MAX  80  /* octets of a wrong address that its error repeats */

const char *
addr_domain(const char *address)
{
	const char *at = NULL, *p;
	bool quoted = false;

	for (p = address; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '@' && !quoted)
			at = p;
	}
	return at == NULL ? NULL : at + 1;
}

/* ---- addr_check: each part returns what is wrong with it, or NULL ---- */

static const char *
check_bytes(const char *p, size_t n)
{
	unsigned long code;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		if (*p == '\r' || *p == '\n')
			return "it holds a line break";
		if (char_is_control(*p))
			return "it holds a control character";
		if ((len = utf8_char(p, n, &code)) == 0)
			return "it holds bytes that are not UTF-8";
		if (code >= 0x80 && code < 0xa0)
			return "it holds a control character";
	}
	return NULL;
}

/* RFC 5321 4.1.2 Quoted-string; its bytes are known to be printable. */
static const char *
check_quoted(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == '"')
			return i == n - 1 ? NULL
					  : "text stands outside its quotes";
	}
	return "a quote is not closed";
}

static const char *
check_dot_string(const char *p, size_t n)
{
	size_t i;

	if (p[0] == '.' || p[n - 1] == '.')
		return "the name begins or ends with a dot";
	for (i = 0; i < n; i++) {
		if (p[i] == '.' && p[i + 1] == '.')
			return "the name has two dots in a row";
		if (char_is_blank(p[i]))
			return "it holds a blank";
		if (p[i] != '.' && !char_is_atext(p[i]))
			return "the name holds a character that must be quoted";
	}
	return NULL;
}

/* A name without a domain, as the alias file and local.names know it. */
static const char *
check_bare(const char **p, size_t *n)
{
	const char *name;

	if (**p == '\\' && *n > 1) {
		(*p)++;
		(*n)--;
	}
	name = **p == '"' ? *p + 1 : *p;
	if (*name == '|')
		return "commands are not run";
	if (*name == '/')
		return "mail is not written to files";
	if (*name == ':')
		return "lists in files belong into the alias file";
	return NULL;
}

static const char *
check_local(const char *p, size_t n, bool is_bare)
{
	const char *why;

	if (n == 0)
		return "nothing stands before the @";
	if (n > LOCAL_MAX)
		return "the part before the @ is longer than 64 octets";
	if (is_bare && (why = check_bare(&p, &n)) != NULL)
		return why;
	return p[0] == '"' ? check_quoted(p, n) : check_dot_string(p, n);
}

static const char *
check_labels(const char *p, size_t n)
{
	size_t i, start = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && p[i] != '.') {
			if (!char_is_alnum(p[i]) && p[i] != '-' &&
			    p[i] != '_' && (unsigned char)p[i] < 0x80)
				return "the domain holds a character that no "
				       "domain has";
			continue;
		}
		if (i == start)
			return "the domain has an empty part";
		if (i - start > LABEL_MAX)
			return "a part of the domain is longer than 63 octets";
		if (p[start] == '-' || p[i - 1] == '-')
			return "a part of the domain begins or ends with \"-\"";
		start = i + 1;
	}
	return NULL;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3) */
static const char *
check_literal(const char *p, size_t n)
{
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];

	if (n < 2 || p[n - 1] != ']' || n - 2 >= sizeof(text))
		return "the address in brackets is no IP address";
	memcpy(text, p + 1, n - 2);
	text[n - 2] = '\0';
	if (inet_pton(AF_INET, text, address) == 1)
		return NULL;
	if (strncasecmp(text, "IPv6:", 5) == 0 &&
	    inet_pton(AF_INET6, text + 5, address) == 1)
		return NULL;
	return "the address in brackets is no IP address";
}

static const char *
check_domain(const char *p, size_t n)
{
	if (n == 0)
		return "nothing stands behind the @";
	if (n > DOMAIN_MAX)
		return "the domain is longer than 255 octets";
	return p[0] == '[' ? check_literal(p, n) : check_labels(p, n);
}

/* The address as an error shows it: short, and safe for a terminal. */
static void
show(char out[SHOWN_MAX], const char *address)
{
	size_t i;

	if (strlcpy(out, address, SHOWN_MAX) >= SHOWN_MAX)
		memcpy(out + SHOWN_MAX - 4, "...", 4);
	for (i = 0; out[i] != '\0'; i++)
		if (char_is_control(out[i]) || (unsigned char)out[i] >= 0x80)
			out[i] = '?';
}

int
addr_check(
    const char *address, const char *status, bool *is_utf8, struct err *e)
{
	const char *domain = addr_domain(address), *why;
	size_t n = strlen(address), local;
	char shown[SHOWN_MAX];

	local = domain == NULL ? n : (size_t)(domain - address) - 1;
	if (n == 0)
		why = "it is empty";
	else if (n > ADDR_MAX)
		why = "it is longer than 254 octets";
	else if ((why = check_bytes(address, n)) == NULL &&
		 (why = check_local(address, local, domain == NULL)) == NULL &&
		 domain != NULL)
		why = check_domain(domain, n - local - 1);
	if (why != NULL) {
		show(shown, address);
		return err_set(e, ERR_PERM, status,
		    "\"%s\" is no mail address: %s", shown, why);
	}
	if (is_utf8 != NULL)
		*is_utf8 = !utf8_is_ascii(address, n);
	return 0;
}

/* ---- comparing ------------------------------------------------------------
 */

bool
addr_equal(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* "domain", "*.domain" or "*" */
static bool
match_domain(const char *pattern, const char *domain)
{
	size_t len = strlen(domain), tail;

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strncmp(pattern, "*.", 2) != 0)
		return strcasecmp(pattern, domain) == 0;
	tail = strlen(pattern + 1); /* ".domain" */
	return len > tail && strcasecmp(pattern + 1, domain + len - tail) == 0;
}

bool
addr_match(const char *pattern, const char *address)
{
	const char *pd = addr_domain(pattern), *ad = addr_domain(address);
	size_t np, na;

	if (strcmp(pattern, "*") == 0)
		return true;
	if (pd == NULL || ad == NULL)
		return addr_equal(pattern, address);
	np = (size_t)(pd - pattern) - 1;
	na = (size_t)(ad - address) - 1;
	if (np != 0 && strncmp(pattern, "*@", 2) != 0 &&
	    (np != na || strncasecmp(pattern, address, np) != 0))
		return false;
	return match_domain(pd, ad);
}

bool
addr_match_any(const struct strlist *patterns, const char *address)
{
	size_t i;

	for (i = 0; i < patterns->n; i++)
		if (addr_match(patterns->v[i], address))
			return true;
	return false;
}
