/* SPDX-License-Identifier: ISC */
/* Capabilities.  Fuzzed (tests/fuzz/ehlo.c). */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "delivery/ehlo.h"

/* A name and the bit it stands for. */
struct word {
	const char *name;
	unsigned bit;
};

static const struct word keywords[] = {
	{ "STARTTLS", EHLO_STARTTLS },     /* RFC 3207 */
	{ "AUTH", EHLO_AUTH },             /* RFC 4954 */
	{ "PIPELINING", EHLO_PIPELINING }, /* RFC 2920 */
	{ "SIZE", EHLO_SIZE },             /* RFC 1870 */
	{ "8BITMIME", EHLO_8BITMIME },     /* RFC 6152 */
	{ "SMTPUTF8", EHLO_SMTPUTF8 },     /* RFC 6531 */
	{ "DSN", EHLO_DSN },               /* RFC 3461 */
	{ "CHUNKING", EHLO_CHUNKING },     /* RFC 3030 */
};

static const struct word mechanisms[] = {
	{ "LOGIN", EHLO_LOGIN },
	{ "PLAIN", EHLO_PLAIN },
	{ "XOAUTH2", EHLO_XOAUTH2 },
};

static unsigned
bit_of(const struct word *words, size_t nwords, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < nwords; i++)
		if (strlen(words[i].name) == n &&
		    strncasecmp(words[i].name, p, n) == 0)
			return words[i].bit;
	return 0;
}

/* Takes the next word of *p: its length, 0 at the end. */
static size_t
next_word(const char **p, const char *end, const char **word)
{
	while (*p < end && **p == ' ')
		(*p)++;
	*word = *p;
	while (*p < end && **p != ' ')
		(*p)++;
	return (size_t)(*p - *word);
}

/* Digits only, at most 20 of them (RFC 1870 3); anything else tells nothing. */
static uint64_t
parse_size(const char *p, size_t n)
{
	uint64_t v = 0;
	unsigned digit;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		digit = (unsigned)(p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	return v;
}

static void
parse_mechs(const char *p, const char *end, struct ehlo *out)
{
	const char *word;
	size_t n, len;

	while ((n = next_word(&p, end, &word)) > 0) {
		out->mechs |= bit_of(mechanisms,
		    sizeof(mechanisms) / sizeof(mechanisms[0]), word, n);
		len = strlen(out->mech_names);
		if (len + 1 + n < sizeof(out->mech_names))
			snprintf(out->mech_names + len,
			    sizeof(out->mech_names) - len, "%s%.*s",
			    len == 0 ? "" : " ", (int)n, word);
	}
}

/* For people: whatever a server writes, printable ASCII comes of it. */
static void
note_line(const char *p, const char *end, struct ehlo *out)
{
	size_t len = strlen(out->words), n = (size_t)(end - p), i;

	if (n == 0 || len + 2 + n >= sizeof(out->words))
		return;
	if (len > 0) {
		out->words[len++] = ',';
		out->words[len++] = ' ';
	}
	for (i = 0; i < n; i++)
		out->words[len++] = p[i] >= ' ' && p[i] <= '~' ? p[i] : '?';
	out->words[len] = '\0';
}

static void
parse_line(const char *p, const char *end, struct ehlo *out)
{
	const char *word;
	unsigned bit;
	size_t n;

	n = next_word(&p, end, &word);
	/* "AUTH=LOGIN" of servers older than RFC 2554 */
	if (n > 5 && strncasecmp(word, "AUTH=", 5) == 0) {
		out->offers |= EHLO_AUTH;
		parse_mechs(word + 5, end, out);
		return;
	}
	bit = bit_of(keywords, sizeof(keywords) / sizeof(keywords[0]), word, n);
	out->offers |= bit;
	if (bit == EHLO_AUTH) {
		parse_mechs(p, end, out);
	} else if (bit == EHLO_SIZE) {
		n = next_word(&p, end, &word);
		out->size_max = parse_size(word, n);
	}
}

void
ehlo_parse(const char *p, size_t n, struct ehlo *out)
{
	const char *end = p + n, *eol;
	bool first = true;

	memset(out, 0, sizeof(*out));
	for (; p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		if (!first) {
			parse_line(p, eol, out);
			note_line(p, eol, out);
		}
		first = false;
	}
}
