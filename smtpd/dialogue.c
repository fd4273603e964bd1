/* SPDX-License-Identifier: ISC */
/* Who said what: one event a line. */
#include "config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "common/log.h"
#include "smtpd/command.h"
#include "smtpd/dialogue.h"

#define SHOWN_MAX 200 /* of a line */

static void
put(struct dialogue *d, const char *from, const char *p, size_t n)
{
	char text[SHOWN_MAX + 1];

	if (d->lines > DIALOGUE_LINES)
		return;
	if (d->lines++ == DIALOGUE_LINES) {
		p = "(more of this session is not logged)";
		n = strlen(p);
	}
	if (n > SHOWN_MAX)
		n = SHOWN_MAX;
	memcpy(text, p, n);
	text[n] = '\0';
	log_event(LOG_INFO, "dialogue", "listener", d->listener, "client",
	    d->client, "from", from, "text", text, NULL);
}

static void
put_hidden(struct dialogue *d, const char *what)
{
	put(d, "client", what, strlen(what));
}

/* Replies are put whole, so each ends in CRLF. */
static void
note_replies(struct dialogue *d, const struct buf *out)
{
	const char *p, *end;

	while (d->noted < out->len) {
		p = out->data + d->noted;
		end = memchr(p, '\n', out->len - d->noted);
		if (end == NULL)
			return;
		d->noted += (size_t)(end - p) + 1;
		if (end > p && end[-1] == '\r')
			end--;
		d->is_asked = end - p >= 3 && memcmp(p, "334", 3) == 0;
		put(d, "server", p, (size_t)(end - p));
	}
}

static bool
is_word(const char *p, size_t n, const char *word)
{
	size_t len = strlen(word);

	return n >= len && strncasecmp(p, word, len) == 0 &&
	       (n == len || !isalnum((unsigned char)p[len]));
}

static size_t
first_word(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] != ' ' && p[i] != '\t')
		i++;
	return i;
}

/* Of "AUTH ...": with its mechanism, without what follows. */
static size_t
public_part(const char *p, size_t n)
{
	static const char *const known[] = { "PLAIN", "LOGIN", "CRAM-MD5",
		"DIGEST-MD5", "NTLM", "GSSAPI", "XOAUTH2" };
	size_t at = 4, len, i;

	while (at < n && (p[at] == ' ' || p[at] == '\t'))
		at++;
	len = first_word(p + at, n - at);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i]) == len &&
		    strncasecmp(p + at, known[i], len) == 0)
			return at + len;
	return 4;
}

/* "AUTHLOGIN ...", "X-AUTH ...": whoever says it means to sign in. */
static bool
holds_auth(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i + 4 <= n; i++)
		if (strncasecmp(p + i, "AUTH", 4) == 0)
			return true;
	return false;
}

/* May it be somebody's secret? */
static bool
is_doubtful(struct dialogue *d, enum verb verb, const char *p, size_t n)
{
	if (verb == VERB_DATA || verb == VERB_BDAT ||
	    command_text(p, n) != VERB_UNKNOWN)
		d->is_guarded = true;
	if (verb != VERB_UNKNOWN && verb != VERB_MALFORMED)
		return false;
	if (holds_auth(p, n))
		d->is_guarded = true;
	return d->is_guarded;
}

void
dialogue_command(
    struct dialogue *d, const struct buf *out, const char *p, size_t n)
{
	struct command c;

	note_replies(d, out);
	if (d->is_asked) {
		put_hidden(d, "(an answer that is not logged)");
		return;
	}
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	if (is_word(p, n, "AUTH")) {
		d->is_guarded = true;
		/* "AUTH=..." and the like have no public part. */
		if (n > 4 && p[4] != ' ' && p[4] != '\t')
			n = 4;
		put(d, "client", p, public_part(p, n));
		return;
	}
	command_parse(p, n, &c);
	if (is_doubtful(d, c.verb, p, n))
		put_hidden(d, "(no command, which is not logged)");
	else if (c.verb == VERB_UNKNOWN || c.verb == VERB_MALFORMED)
		/* "PASS ..." of another protocol. */
		put(d, "client", p, first_word(p, n));
	else
		put(d, "client", p, n);
}

void
dialogue_long_line(struct dialogue *d, const struct buf *out)
{
	note_replies(d, out);
	put_hidden(d, "(a line too long to be kept)");
}

void
dialogue_flush(struct dialogue *d, const struct buf *out)
{
	note_replies(d, out);
	d->noted = 0;
}
