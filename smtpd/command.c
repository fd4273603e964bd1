/* SPDX-License-Identifier: ISC */
/*
 * Command lines.  Lenient where that harms nobody: upper or lower case, blanks
 * where none belong, no angle brackets, no colon.  Strict with control
 * characters, since a CR in a line is two lines to somebody else.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "mail/chars.h"
#include "smtpd/command.h"

static const struct {
	const char *name;
	enum verb verb;
} verbs[] = {
	{ "MAIL", VERB_MAIL },
	{ "RCPT", VERB_RCPT },
	{ "DATA", VERB_DATA },
	{ "BDAT", VERB_BDAT },
	{ "EHLO", VERB_EHLO },
	{ "HELO", VERB_HELO },
	{ "RSET", VERB_RSET },
	{ "QUIT", VERB_QUIT },
	{ "NOOP", VERB_NOOP },
	{ "VRFY", VERB_VRFY },
	{ "HELP", VERB_HELP },
	{ "STARTTLS", VERB_STARTTLS },
	{ "EXPN", VERB_ABSENT },
	{ "AUTH", VERB_AUTH },
	{ "ETRN", VERB_ABSENT },
	{ "TURN", VERB_ABSENT },
	{ "SEND", VERB_ABSENT },
	{ "SOML", VERB_ABSENT },
	{ "SAML", VERB_ABSENT },
	{ "GET", VERB_FOREIGN },
	{ "POST", VERB_FOREIGN },
	{ "PUT", VERB_FOREIGN },
	{ "HEAD", VERB_FOREIGN },
	{ "DELETE", VERB_FOREIGN },
	{ "OPTIONS", VERB_FOREIGN },
	{ "CONNECT", VERB_FOREIGN },
	{ "PATCH", VERB_FOREIGN },
	{ "PRI", VERB_FOREIGN },
};

static void
trim(struct span *s)
{
	while (s->n > 0 && char_is_blank(s->p[0])) {
		s->p++;
		s->n--;
	}
	while (s->n > 0 && char_is_blank(s->p[s->n - 1]))
		s->n--;
}

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static enum verb
find_verb(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].name) == n &&
		    strncasecmp(p, verbs[i].name, n) == 0)
			return verbs[i].verb;
	return VERB_UNKNOWN;
}

/* What is a line end to somebody else, or nothing at all. */
static bool
is_break(char c)
{
	return char_is_control(c) && !char_is_blank(c);
}

void
command_parse(const char *p, size_t n, struct command *out)
{
	struct span line = { p, n };
	size_t i;

	trim(&line);
	for (i = 0; i < line.n && !char_is_blank(line.p[i]); i++)
		continue;
	out->verb = find_verb(line.p, i);
	skip(&line, i);
	trim(&line);
	out->arg = line;
	for (i = 0; i < n && out->verb != VERB_FOREIGN; i++)
		if (is_break(p[i]))
			out->verb = VERB_MALFORMED;
}

static bool
is_letter(char c)
{
	return char_is_alnum(c) && !char_is_digit(c);
}

/* The word at p, read over what no printer would show of it. */
static enum verb
read_blurred(const char *p, size_t n)
{
	char word[4];
	size_t i, len = 0;

	for (i = 0; i < n && len < sizeof(word); i++) {
		if (is_letter(p[i]))
			word[len++] = p[i];
		else if (p[i] >= ' ' && p[i] <= '~')
			return VERB_UNKNOWN;
	}
	if (len < sizeof(word) || (i < n && is_letter(p[i])))
		return VERB_UNKNOWN;
	return find_verb(word, len);
}

enum verb
command_text(const char *p, size_t n)
{
	enum verb verb;
	size_t i;

	for (i = 0; i < n;) {
		if (!is_letter(p[i])) {
			i++;
			continue;
		}
		verb = read_blurred(p + i, n - i);
		if (verb == VERB_DATA || verb == VERB_BDAT)
			return verb;
		while (i < n && !is_break(p[i]))
			i++;
	}
	return VERB_UNKNOWN;
}

/* Octets up to the first of c outside of quotes; all where there is none. */
static size_t
span_until(const struct span *s, char c)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		else if (s->p[i] == '"')
			is_quoted = !is_quoted;
		else if (s->p[i] == c && !is_quoted)
			return i;
	}
	return s->n;
}

/* "@a,@b:user@c" (RFC 5321 appendix C): nobody has routed by it for long. */
static void
drop_route(struct span *address)
{
	size_t n;

	if (address->n == 0 || address->p[0] != '@')
		return;
	n = span_until(address, ':');
	if (n < address->n)
		skip(address, n + 1);
}

int
command_path(const struct span *arg, const char *word, struct span *address,
    struct span *params)
{
	struct span s = *arg;
	size_t n = strlen(word);

	if (s.n <= n || strncasecmp(s.p, word, n) != 0)
		return -1;
	skip(&s, n);
	trim(&s);
	if (s.n > 0 && s.p[0] == ':')
		skip(&s, 1);
	else if (s.n == 0 || s.p[0] != '<')
		return -1;
	trim(&s);
	address->p = s.p;
	if (s.n > 0 && s.p[0] == '<') {
		skip(&s, 1);
		address->p = s.p;
		address->n = span_until(&s, '>');
		if (address->n == s.n)
			return -1;
		skip(&s, address->n + 1);
	} else {
		address->n = span_until(&s, ' ');
		if (address->n == 0)
			return -1;
		skip(&s, address->n);
	}
	/* "<a@b>c" is neither an address nor a parameter. */
	if (s.n > 0 && !char_is_blank(s.p[0]))
		return -1;
	trim(&s);
	trim(address);
	drop_route(address);
	*params = s;
	return 0;
}

int
command_chunk(const struct span *arg, uint64_t *size, bool *is_last)
{
	struct span s = *arg;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		if (n > INT64_MAX / 10 - 1)
			return -1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (i == 0 || (i < s.n && !char_is_blank(s.p[i])))
		return -1;
	skip(&s, i);
	trim(&s);
	*size = n;
	*is_last = s.n == 4 && strncasecmp(s.p, "LAST", 4) == 0;
	return s.n == 0 || *is_last ? 0 : -1;
}
