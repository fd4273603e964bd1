/* SPDX-License-Identifier: ISC */
/* A reply from the connection: lines, until the last one or the deadline. */
#include "config.h"

#include "delivery/conn.h"
#include "delivery/reply_read.h"

#define QUOTED_MAX 60

/*
 * Adds the first octets of a line that could not be taken, for whoever looks
 * for what answers there.  Not while signing in: what echoes our words would
 * have a password logged.
 */
static void
quote(const struct conn *c, const char *p, size_t n, struct err *e)
{
	char words[QUOTED_MAX + 1];
	size_t i;

	if (e == NULL || conn_get_phase(c) == PHASE_AUTH)
		return;
	for (i = 0; i < n && i < QUOTED_MAX; i++)
		words[i] = p[i] < ' ' || p[i] > '~' ? '?' : p[i];
	words[i] = '\0';
	err_set(e, e->class, "4.5.0", "%s: \"%s%s\"", e->text, words,
	    n > QUOTED_MAX ? "..." : "");
}

int
reply_read(struct reply *r, struct conn *c, struct err *e)
{
	const char *line;
	size_t n;
	int got;

	reply_reset(r);
	do {
		if (conn_line(c, REPLY_LINE_MAX, &line, &n, e) == -1)
			return -1;
		got = reply_parse_line(r, line, n, e);
		if (got == -1)
			quote(c, line, n, e);
	} while (got == 0);
	return got == -1 ? -1 : 0;
}
