/* SPDX-License-Identifier: ISC */
/*
 * Replies.  Their texts repeat what clients said, so nothing leaves but
 * printable ASCII in one line.
 */
#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "smtpd/reply.h"

#define LINE_OCTETS (REPLY_MAX - 2) /* without CRLF */

int
reply_set(
    struct reply *r, unsigned code, const char *status, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	strlcpy(r->status, status, sizeof(r->status));
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return -1;
}

/* The code for an error of that class and status, without its first digit. */
static unsigned
code_of(bool is_permanent, const char *detail)
{
	static const struct {
		const char *detail; /* the beginning of it */
		unsigned temporary, permanent;
	} table[] = {
		{ ".1.", 451, 550 },  /* an address */
		{ ".2.3", 452, 552 }, /* too large for the mailbox, */
		{ ".3.4", 452, 552 }, /* or for the system */
		{ ".3.1", 452, 554 }, /* no room */
		{ ".5.3", 452, 554 }, /* too many, of whatever it is */
		{ ".7.", 451, 550 },  /* not allowed */
		{ "", 451, 554 },
	};
	size_t i = 0;

	while (strncmp(detail, table[i].detail, strlen(table[i].detail)) != 0)
		i++;
	return is_permanent ? table[i].permanent : table[i].temporary;
}

int
reply_of_err(struct reply *r, const struct err *e)
{
	/* What is wrong with this host, somebody will mend. */
	bool is_permanent = e->class == ERR_PERM;
	const char *detail = e->status[0] == '\0' ? ".0.0" : e->status + 1;

	reply_set(r, code_of(is_permanent, detail), "", "%s", e->text);
	snprintf(r->status, sizeof(r->status), "%c%s", is_permanent ? '5' : '4',
	    detail);
	return -1;
}

void
reply_put(struct buf *b, const struct reply *r)
{
	struct buf line;
	size_t i;

	buf_init(&line, sizeof(*r) + 16);
	buf_printf(&line, "%03u %s%s%s", r->code, r->status,
	    r->status[0] == '\0' ? "" : " ", r->text);
	if (line.len > LINE_OCTETS)
		buf_truncate(&line, LINE_OCTETS);
	for (i = 0; i < line.len; i++)
		if (line.data[i] < ' ' || line.data[i] > '~')
			line.data[i] = '?';
	buf_append(b, line.data, line.len);
	buf_puts(b, "\r\n");
	buf_clear(&line);
}

void
reply_tell(struct buf *b, struct reply *r, reply_refused *refused, void *arg)
{
	if (r->code >= 400 && refused != NULL)
		refused(arg, r);
	reply_put(b, r);
}
