/* SPDX-License-Identifier: ISC */
/*
 * What has to be done to a body: it is cut into its parts, each text in it is
 * looked over, and what cannot travel is noted.
 */
#include "config.h"

#include <string.h>

#include "mail/chars.h"
#include "mail/plan.h"

/* Quoted-printable is shorter than base64 up to one octet in six. */
#define ESCAPES_MAX 6

/* ---- notes ---- */

int
plan_of(const struct plan *p, size_t part)
{
	return part < p->parts.len ? (unsigned char)p->parts.data[part] : -1;
}

static void
note(struct plan *p, size_t part, unsigned what)
{
	if (part < p->parts.len)
		p->parts.data[part] = (char)what;
}

static void
add_note(struct plan *p, size_t part, unsigned flag)
{
	if (part < p->parts.len)
		p->parts.data[part] =
		    (char)((unsigned char)p->parts.data[part] | flag);
}

/* Something is touched, and so are all multiparts and messages around it. */
static void
note_touched(struct plan *p)
{
	const struct mime_level *level;
	size_t i;

	p->touched++;
	for (i = 0; i < p->mime.nlevels; i++) {
		level = &p->mime.levels[i];
		add_note(p, level->part, PLAN_INSIDE);
		p->breaks_signed = p->breaks_signed || level->is_signed;
	}
}

/* ---- texts ---- */

static void
start_text(struct plan *p, size_t part)
{
	look_init(&p->look);
	p->escapes = 0;
	p->part = part;
	p->is_aside = p->is_behind = false;
}

static void
put_text(struct plan *p, const char *text, size_t n)
{
	size_t i;

	look_put(&p->look, text, n);
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] >= 0x7f || text[i] == '=' ||
		    (char_is_control(text[i]) && !char_is_white(text[i])))
			p->escapes++;
}

/* Does what was looked over have to be touched? */
static bool
is_forced(struct plan *p, struct look *l)
{
	look_end(l);
	if (l->long_at == 0 && (l->eight_at == 0 || !p->is_7bit)) {
		p->leaves_eight = p->leaves_eight || l->eight_at > 0;
		return false;
	}
	p->has_long = p->has_long || l->long_at > 0;
	p->has_eight = p->has_eight || (l->eight_at > 0 && p->is_7bit);
	return true;
}

/* How the text can travel. */
static unsigned
choose(const struct plan *p)
{
	unsigned how = PLAN_BASE64;

	if (p->label.encoding == ENCODING_QP)
		return PLAN_QP_REWRAP;
	if (p->label.encoding == ENCODING_BASE64)
		return PLAN_BASE64_REWRAP;
	if (p->label.type != LABEL_OTHER &&
	    p->escapes <= p->look.at / ESCAPES_MAX)
		how = PLAN_QP;
	if (p->look.eight_at == 0)
		how |= PLAN_ASCII;
	else if (p->look.wrong_at == 0)
		how |= PLAN_UTF8;
	return how;
}

/* A multipart without a boundary in it; or one too deep within others. */
static bool
lacks_parts(const struct plan *p)
{
	return p->label.type == LABEL_MULTIPART ||
	       (p->label.type == LABEL_MESSAGE && label_is_plain(&p->label));
}

/*
 * The end of a text.  What stands before the boundaries of a multipart that
 * has none is all it has.
 */
static void
finish_text(struct plan *p, bool has_boundary)
{
	unsigned how;

	if (!is_forced(p, &p->look))
		return;
	note_touched(p);
	if (p->is_aside && (has_boundary || p->is_behind)) {
		add_note(p, p->part, p->is_behind ? PLAN_BEHIND : PLAN_BEFORE);
		return;
	}
	how = choose(p);
	if (lacks_parts(p)) {
		how |= PLAN_AS_TEXT;
		p->loses_parts = true;
	}
	note(p, p->part, how);
}

/* ---- pieces ---- */

static void
take_header(struct plan *p, const struct mime_piece *piece)
{
	struct look l;

	if (p->parts.len < PLAN_PARTS_MAX)
		buf_putc(&p->parts, PLAN_KEEP);
	look_init(&l);
	look_put(&l, piece->p, piece->n);
	if (is_forced(p, &l))
		note_touched(p);
	start_text(p, piece->part);
	p->label = *piece->label;
}

static void
take_aside(struct plan *p, const struct mime_piece *piece)
{
	if (!p->is_aside || p->part != piece->part ||
	    p->is_behind != piece->is_behind) {
		start_text(p, piece->part);
		p->is_aside = true;
		p->is_behind = piece->is_behind;
	}
	put_text(p, piece->p, piece->n);
}

static int
take(void *arg, const struct mime_piece *piece)
{
	struct plan *p = arg;

	switch (piece->kind) {
	case MIME_HEADER:
		take_header(p, piece);
		break;
	case MIME_BODY:
		put_text(p, piece->p, piece->n);
		break;
	case MIME_MARK:
		finish_text(p, piece->part == p->part);
		start_text(p, piece->part);
		break;
	case MIME_ASIDE:
		take_aside(p, piece);
		break;
	}
	return 0;
}

void
plan_begin(struct plan *p, const struct label *root, bool is_7bit)
{
	memset(p, 0, sizeof(*p));
	p->is_7bit = is_7bit;
	p->label = *root;
	buf_init(&p->parts, PLAN_PARTS_MAX);
	buf_putc(&p->parts, PLAN_KEEP);
	start_text(p, 0);
	mime_begin(&p->mime, root, 0, take, p);
}

void
plan_clear(struct plan *p)
{
	mime_clear(&p->mime);
	buf_clear(&p->parts);
}

void
plan_put(struct plan *p, const char *text, size_t n)
{
	(void)mime_put(&p->mime, text, n);
}

void
plan_end(struct plan *p)
{
	(void)mime_end(&p->mime);
	finish_text(p, false);
}
