/* SPDX-License-Identifier: ISC */
/*
 * Cutting a body into its parts.  In a header lines are gathered, since it is
 * handed out whole; in a body text passes through, but for what may become a
 * boundary: a line end, and a line behind it that begins with "--".
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/mime.h"

static struct mime_level *
innermost(struct mime *m)
{
	return &m->levels[m->nlevels - 1];
}

/* ---- handing out ---- */

static int
give_text(struct mime *m, const char *p, size_t n)
{
	struct mime_piece piece = { .kind = MIME_BODY, .p = p, .n = n };

	if (n == 0)
		return 0;
	piece.part = m->part;
	if (m->is_aside) {
		piece.kind = MIME_ASIDE;
		piece.part = innermost(m)->part;
		piece.is_behind = innermost(m)->is_closed;
	}
	return m->take(m->arg, &piece);
}

static int
give_held(struct mime *m)
{
	size_t n = m->nheld;

	m->nheld = 0;
	return give_text(m, m->held, n);
}

/* ---- levels ---- */

static void
start_header(struct mime *m)
{
	m->in_header = true;
	m->fields = 0;
	buf_truncate(&m->header, 0);
	buf_truncate(&m->line, 0);
}

static struct mime_level *
push(struct mime *m, size_t part)
{
	struct mime_level *level = &m->levels[m->nlevels++];

	memset(level, 0, sizeof(*level));
	level->part = part;
	return level;
}

bool
mime_has_parts(const struct mime *m, const struct label *l)
{
	if (m->nlevels == MIME_NEST)
		return false;
	return (l->type == LABEL_MULTIPART && l->nboundary > 0) ||
	       (l->type == LABEL_MESSAGE && label_is_plain(l));
}

/* A part begins behind its header. */
static void
enter(struct mime *m, size_t part, const struct label *l, int how)
{
	struct mime_level *level;

	m->in_header = m->is_aside = false;
	m->part = part;
	m->at_start = true;
	m->nheld = 0;
	if (how == MIME_AS_TEXT || !mime_has_parts(m, l))
		return;
	level = push(m, part);
	if (l->type == LABEL_MULTIPART) {
		level->is_multipart = true;
		level->is_digest = l->is_digest;
		level->is_signed = l->is_signed;
		level->nboundary = l->nboundary;
		memcpy(level->boundary, l->boundary, l->nboundary);
		m->is_aside = true;
	} else {
		start_header(m);
	}
}

/* What was gathered is the header, whole. */
static int
finish_header(struct mime *m)
{
	struct header h = { NULL, 0 };
	struct label l;
	struct mime_piece piece = { .kind = MIME_HEADER, .label = &l };
	int how;

	piece.p = buf_data(&m->header);
	piece.n = m->header.len;
	piece.part = m->parts++;
	header_parse(piece.p, piece.n, &h);
	label_read(&l, &h, m->nlevels > 0 && innermost(m)->is_digest);
	header_clear(&h);
	if ((how = m->take(m->arg, &piece)) == -1)
		return -1;
	enter(m, piece.part, &l, how);
	return 0;
}

/* ---- boundaries ---- */

/*
 * The level whose boundary the line is, or NULL; one of an outer level ends
 * all within it (RFC 2046 5.1.2).  Blanks behind it say nothing.
 */
static struct mime_level *
find_level(struct mime *m, const char *p, size_t n, bool *is_last)
{
	struct mime_level *level;
	size_t i;

	while (n > 0 && char_is_white(p[n - 1]))
		n--;
	if (n < 3 || p[0] != '-' || p[1] != '-')
		return NULL;
	for (i = m->nlevels; i > 0; i--) {
		level = &m->levels[i - 1];
		if (!level->is_multipart || level->is_closed ||
		    n - 2 < level->nboundary ||
		    memcmp(p + 2, level->boundary, level->nboundary) != 0)
			continue;
		p += 2 + level->nboundary;
		n -= 2 + level->nboundary;
		*is_last = n == 2 && p[0] == '-' && p[1] == '-';
		if (n == 0 || *is_last)
			return level;
		p -= 2 + level->nboundary;
		n += 2 + level->nboundary;
	}
	return NULL;
}

/* The mark of that level is in held, with the line end before it. */
static int
take_mark(struct mime *m, struct mime_level *level, bool is_last)
{
	struct mime_piece piece = { .kind = MIME_MARK, .p = m->held };

	piece.n = m->nheld;
	piece.part = level->part;
	if (m->take(m->arg, &piece) != 0)
		return -1;
	m->nheld = 0;
	m->nlevels = (size_t)(level - m->levels) + 1;
	if (!is_last) {
		start_header(m);
		return 0;
	}
	level->is_closed = true;
	m->in_header = false;
	m->is_aside = true;
	m->at_start = true;
	return 0;
}

/* ---- headers ---- */

/* A boundary where a header still was: the part has no body. */
static int
cut_header(struct mime *m, struct mime_level *level, bool is_last)
{
	char text[MIME_LINE_MAX];
	size_t n = m->line.len;

	memcpy(text, m->line.data, n);
	if (finish_header(m) == -1)
		return -1;
	memcpy(m->held, text, n);
	m->nheld = n;
	return take_mark(m, level, is_last);
}

/* What was gathered and is no header goes on as body. */
static int
put_again(struct mime *m, char *text, size_t n)
{
	int rc = finish_header(m);

	if (rc == 0)
		rc = mime_put(m, text, n);
	free(text);
	return rc;
}

/* A whole line of a header. */
static int
take_line(struct mime *m)
{
	struct mime_level *level = NULL;
	size_t n = m->line.len;
	bool is_last = false;

	if (n <= MIME_LINE_MAX)
		level = find_level(m, m->line.data, n, &is_last);
	if (level != NULL)
		return cut_header(m, level, is_last);
	switch (header_line(m->line.data, n, m->fields)) {
	case HEADER_FIELD:
		m->fields++;
		break;
	case HEADER_MORE:
		break;
	case HEADER_EMPTY:
		buf_append(&m->header, m->line.data, n);
		return finish_header(m);
	case HEADER_BODY:
		return put_again(m, buf_steal(&m->line), n);
	}
	buf_append(&m->header, m->line.data, n);
	buf_truncate(&m->line, 0);
	return 0;
}

/* No header is so long: the part has none, and this is its text. */
static int
give_up_header(struct mime *m)
{
	size_t n;

	buf_append(&m->header, buf_data(&m->line), m->line.len);
	n = m->header.len;
	return put_again(m, buf_steal(&m->header), n);
}

/* Octets of p that were taken, or -1. */
static ssize_t
put_header(struct mime *m, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);

	if (lf != NULL)
		n = (size_t)(lf - p) + 1;
	if (m->header.len + m->line.len + n > MIME_HEADER_MAX)
		return give_up_header(m);
	buf_append(&m->line, p, n);
	if (lf != NULL && take_line(m) == -1)
		return -1;
	return (ssize_t)n;
}

/* ---- bodies ---- */

/* Octets of p that cannot belong to a mark. */
static size_t
plain_length(const char *p, size_t n)
{
	const char *lf, *from = p, *end = p + n;

	while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		if (lf + 1 == end || lf[1] == '-')
			return (size_t)(lf - p) - (lf > p && lf[-1] == '\r');
		from = lf + 1;
	}
	return n - (n > 0 && end[-1] == '\r');
}

/* What is held is no mark; its line end may be the beginning of one. */
static int
release_line(struct mime *m)
{
	size_t end = m->nheld > 1 && m->held[m->nheld - 2] == '\r' ? 2 : 1;

	m->nheld -= end;
	if (give_text(m, m->held, m->nheld) == -1)
		return -1;
	memmove(m->held, m->held + m->nheld, end);
	m->nheld = end;
	return 0;
}

/* Octets of the line end that held begins with. */
static size_t
held_end(const struct mime *m)
{
	size_t n = 0;

	while (n < m->nheld && (m->held[n] == '\r' || m->held[n] == '\n'))
		n++;
	return n;
}

static int
judge_held(struct mime *m)
{
	size_t at = held_end(m);
	struct mime_level *level;
	bool is_last;

	level = find_level(m, m->held + at, m->nheld - at, &is_last);
	return level == NULL ? release_line(m) : take_mark(m, level, is_last);
}

/* One octet where a mark may be: 1 when it was taken, 0 when not, -1. */
static int
hold(struct mime *m, char c)
{
	size_t line = m->nheld - held_end(m);

	if (!m->at_start && m->nheld > 0 && c != '\n')
		return give_held(m);
	if (m->at_start && line < 2 && c != '-') {
		m->at_start = false;
		return give_held(m);
	}
	if (m->nheld == sizeof(m->held)) {
		m->at_start = false;
		return give_held(m);
	}
	m->held[m->nheld++] = c;
	if (c != '\n')
		return 1;
	if (m->at_start)
		return judge_held(m) == -1 ? -1 : 1;
	m->at_start = true;
	return 1;
}

/* Octets of p that were taken, or -1. */
static ssize_t
put_body(struct mime *m, const char *p, size_t n)
{
	size_t len = n;
	int rc;

	if (m->nlevels == 0)
		return give_text(m, p, n) == -1 ? -1 : (ssize_t)n;
	if (!m->at_start && m->nheld == 0 && (len = plain_length(p, n)) > 0)
		return give_text(m, p, len) == -1 ? -1 : (ssize_t)len;
	rc = hold(m, *p);
	return rc;
}

/* ---- the whole ---- */

void
mime_begin(struct mime *m, const struct label *root, int how, mime_take *take,
    void *arg)
{
	memset(m, 0, sizeof(*m));
	m->take = take;
	m->arg = arg;
	buf_init(&m->header, MIME_HEADER_MAX);
	buf_init(&m->line, MIME_HEADER_MAX);
	m->parts = 1;
	enter(m, 0, root, how);
}

void
mime_clear(struct mime *m)
{
	buf_clear(&m->header);
	buf_clear(&m->line);
}

int
mime_put(struct mime *m, const char *p, size_t n)
{
	ssize_t taken;

	for (; n > 0; p += taken, n -= (size_t)taken) {
		taken = m->in_header ? put_header(m, p, n) : put_body(m, p, n);
		if (taken == -1)
			return -1;
	}
	return 0;
}

/*
 * Where the last boundary is missing, the last line end belongs to it all the
 * same.
 */
static int
end_unclosed(struct mime *m)
{
	struct mime_piece piece = { .kind = MIME_MARK, .p = m->held };
	size_t i;

	for (i = m->nlevels; i > 0 && m->nheld == held_end(m); i--) {
		if (!m->levels[i - 1].is_multipart ||
		    m->levels[i - 1].is_closed)
			continue;
		piece.n = m->nheld;
		piece.part = m->levels[i - 1].part;
		m->nheld = 0;
		return m->take(m->arg, &piece);
	}
	return give_held(m);
}

/* A mark may be the last line, and have no end. */
static int
end_body(struct mime *m)
{
	size_t at = held_end(m);
	struct mime_level *level = NULL;
	bool is_last;

	if (m->at_start)
		level = find_level(m, m->held + at, m->nheld - at, &is_last);
	if (level != NULL)
		return take_mark(m, level, is_last);
	return m->is_aside ? give_held(m) : end_unclosed(m);
}

int
mime_end(struct mime *m)
{
	int rc = 0;

	/* Each may begin another: a message ends that holds one, unbegun. */
	while (rc == 0 && (m->in_header || m->nheld > 0)) {
		if (!m->in_header)
			rc = end_body(m);
		else if (m->line.len > 0)
			rc = take_line(m);
		else
			rc = finish_header(m);
	}
	return rc;
}
