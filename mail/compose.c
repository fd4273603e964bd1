/* SPDX-License-Identifier: ISC */
/*
 * What a program writes becomes a message.  Octets pass through mail/canon.c
 * into text, from which first the header is taken and then, piece by piece, the
 * body; text never holds more than one header and one piece.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/compose.h"

#define CHUNK    (64 * 1024)
#define TEXT_MAX (2 * HEADER_MAX)

struct compose {
	struct source from;
	enum canon_dot dot;
	const struct completion *with;
	struct completed found;

	struct canon canon;
	struct buf text; /* canonical; octets before text_at are used up */
	size_t text_at;
	size_t fields;  /* seen while the header is read */
	bool is_at_end; /* the source has no more for us */

	struct buf header; /* finished, with the empty line */
	size_t header_at;  /* octets of it handed out */
	char *raw;         /* CHUNK octets as they were read */
};

struct compose *
compose_new(const struct source *from, enum canon_dot dot,
    const struct completion *with)
{
	struct compose *c = xcalloc(1, sizeof(*c));

	c->from = *from;
	c->dot = dot;
	c->with = with;
	c->raw = xmalloc(CHUNK);
	canon_init(&c->canon, dot);
	buf_init(&c->text, TEXT_MAX);
	buf_init(&c->header, HEADER_TAKEN_MAX);
	return c;
}

void
compose_free(struct compose *c)
{
	if (c == NULL)
		return;
	completed_clear(&c->found);
	buf_clear(&c->text);
	buf_clear(&c->header);
	free(c->raw);
	free(c);
}

static int
too_long(struct err *e, const char *what)
{
	return err_set(e, ERR_PERM, "5.6.0", "%s; nothing was sent", what);
}

/* One more piece of the source into text. */
static int
read_piece(struct compose *c, struct err *e)
{
	ssize_t n = c->from.read(c->from.arg, c->raw, CHUNK, e);
	int rc;

	if (n == -1)
		return -1;
	if (n == 0)
		rc = canon_end(&c->canon, &c->text);
	else
		rc = canon_put(&c->canon, c->raw, (size_t)n, &c->text);
	if (rc == -1)
		return too_long(e, "a megabyte of the message holds nothing "
				   "but carriage returns");
	c->is_at_end = n == 0 || c->canon.ended;
	return 0;
}

/*
 * Goes on over whole lines from text_at; true at the header's end, where it
 * leaves text_at.  No line is looked at twice: a writer of one line at a time
 * must not make it quadratic.
 */
static bool
find_end(struct compose *c)
{
	const char *line, *lf;
	size_t left, n;

	while (c->text_at < c->text.len) {
		line = buf_data(&c->text) + c->text_at;
		left = c->text.len - c->text_at;
		if ((lf = memchr(line, '\n', left)) == NULL && !c->is_at_end)
			return false;
		n = lf == NULL ? left : (size_t)(lf - line) + 1;
		switch (header_line(line, n, c->fields)) {
		case HEADER_FIELD:
			c->fields++;
			break;
		case HEADER_MORE:
			break;
		case HEADER_EMPTY:
			c->text_at += n;
			return true;
		case HEADER_BODY:
			return true;
		}
		c->text_at += n;
	}
	return c->is_at_end;
}

/*
 * A line of a megabyte whose end has not come: what can be no field begins the
 * body, however long it is.
 */
static bool
is_body_already(const struct compose *c)
{
	return header_line(buf_data(&c->text) + c->text_at,
		   c->text.len - c->text_at, c->fields) == HEADER_BODY;
}

/* Reads the header, which is all of text before text_at then. */
static int
read_header(struct compose *c, struct err *e)
{
	size_t before;
	bool is_found = false;

	c->text_at = 0;
	c->fields = 0;
	while (!is_found) {
		before = c->text.len;
		if (read_piece(c, e) == -1)
			return -1;
		/* Without a new line end nothing can have been decided. */
		if (c->is_at_end || memchr(buf_data(&c->text) + before, '\n',
					c->text.len - before) != NULL)
			is_found = find_end(c);
		if (!is_found && c->text.len > HEADER_TAKEN_MAX)
			is_found = is_body_already(c);
		if ((is_found ? c->text_at : c->text.len) > HEADER_TAKEN_MAX)
			return too_long(e, "the header is longer than a "
					   "megabyte less 16 KiB");
	}
	return 0;
}

int
compose_header(struct compose *c, const struct completed **found, struct err *e)
{
	struct header h = { NULL, 0 };
	int rc = -1;

	if (read_header(c, e) == -1)
		return -1;
	header_parse(buf_data(&c->text), c->text_at, &h);
	complete_header(&h, c->with, &c->found);
	if (header_put(&c->header, &h) == -1 ||
	    buf_puts(&c->header, "\r\n") == -1) {
		too_long(e, "the header with its domains added is longer "
			    "than a megabyte less 16 KiB");
		goto out;
	}
	*found = &c->found;
	rc = 0;
out:
	header_clear(&h);
	return rc;
}

/* Hands out up to n octets of b from *at on. */
static ssize_t
take(const struct buf *b, size_t *at, void *p, size_t n)
{
	if (n > b->len - *at)
		n = b->len - *at;
	if (n > 0)
		memcpy(p, b->data + *at, n);
	*at += n;
	return (ssize_t)n;
}

static ssize_t
compose_read(void *arg, void *p, size_t n, struct err *e)
{
	struct compose *c = arg;

	if (c->header_at < c->header.len)
		return take(&c->header, &c->header_at, p, n);
	while (c->text_at == c->text.len && !c->is_at_end) {
		buf_truncate(&c->text, 0);
		c->text_at = 0;
		if (read_piece(c, e) == -1)
			return -1;
	}
	return take(&c->text, &c->text_at, p, n);
}

static int
compose_rewind(void *arg, struct err *e)
{
	struct compose *c = arg;

	if (c->from.rewind(c->from.arg, e) == -1)
		return -1;
	canon_init(&c->canon, c->dot);
	buf_truncate(&c->text, 0);
	c->is_at_end = false;
	/* The header was finished before; only its end is looked for. */
	if (read_header(c, e) == -1)
		return -1;
	c->header_at = 0;
	return 0;
}

struct source
compose_source(struct compose *c)
{
	const struct source s = { compose_read, compose_rewind, c };

	return s;
}

struct compose_losses
compose_losses(const struct compose *c)
{
	const struct compose_losses l = { c->canon.nuls, c->canon.discarded,
		c->canon.ended };

	return l;
}
