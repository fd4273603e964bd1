/* SPDX-License-Identifier: ISC */
/*
 * Replies.  reply_parse_line is the first code of ours that sees a remote
 * server's bytes: it allocates under a cap, and it is fuzzed.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "mail/status.h"
#include "mail/reply.h"

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, REPLY_MAX);
}

void
reply_reset(struct reply *r)
{
	r->code = 0;
	r->status[0] = '\0';
	r->lines = 0;
	buf_truncate(&r->text, 0);
}

void
reply_clear(struct reply *r)
{
	buf_clear(&r->text);
	reply_init(r);
}

unsigned
reply_class(const struct reply *r)
{
	return r->code / 100;
}

static int
malformed(struct err *e, const char *what)
{
	return err_set(
	    e, ERR_TEMP, "4.5.0", "protocol error: the server sent %s", what);
}

/* The three digits at p, or 0. */
static unsigned
parse_code(const char *p, size_t n)
{
	if (n < 3 || p[0] < '2' || p[0] > '5' || p[1] < '0' || p[1] > '9' ||
	    p[2] < '0' || p[2] > '9')
		return 0;
	return (unsigned)(p[0] - '0') * 100 + (unsigned)(p[1] - '0') * 10 +
	       (unsigned)(p[2] - '0');
}

static int
append_text(struct reply *r, const char *p, size_t n)
{
	char *to;
	size_t i;

	if (r->lines > 1 && buf_putc(&r->text, '\n') == -1)
		return -1;
	if ((to = buf_reserve(&r->text, n)) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		to[i] = p[i];
		if (p[i] == '\t')
			to[i] = ' ';
		else if (iscntrl((unsigned char)p[i]))
			to[i] = '?';
	}
	buf_grew(&r->text, n);
	return 0;
}

int
reply_parse_line(struct reply *r, const char *p, size_t n, struct err *e)
{
	unsigned code;
	bool last;

	if (n > REPLY_LINE_MAX)
		return malformed(e, "a line that is too long");
	if ((code = parse_code(p, n)) == 0)
		return malformed(e, "what is no reply");
	if (n > 3 && p[3] != ' ' && p[3] != '-')
		return malformed(e, "a reply without a blank after its code");
	if (r->lines > 0 && code != r->code)
		return malformed(e, "two codes in one reply");
	if (++r->lines > REPLY_LINES_MAX)
		return malformed(e, "a reply of too many lines");
	r->code = code;
	last = n == 3 || p[3] == ' ';
	p += n == 3 ? 3 : 4;
	n -= n == 3 ? 3 : 4;
	if (append_text(r, p, n) == -1)
		return malformed(e, "a reply that is too long");
	if (r->lines == 1)
		(void)status_parse(code, buf_data(&r->text), r->status);
	return last ? 1 : 0;
}

void
reply_format(const struct reply *r, char *out, size_t size)
{
	char *p;

	strlcpy(out, buf_data(&r->text), size);
	for (p = out; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
}
