/* SPDX-License-Identifier: ISC */
/* A body, changed by its plan while it passes by. */
#include "config.h"

#include <string.h>

#include "mail/reencode.h"

/* ---- labels ---- */

/*
 * ISO-8859-1 gives every octet a meaning, and is what most of those meant who
 * said nothing, and did not write UTF-8.
 */
static const char *
charset_of(int noted)
{
	if ((noted & PLAN_ASCII) != 0)
		return "us-ascii";
	return (noted & PLAN_UTF8) != 0 ? "utf-8" : "iso-8859-1";
}

/* RFC 2045 6.4: what has parts is 7bit, 8bit or binary. */
static void
label_inside(struct header *h, const struct label *l, bool is_7bit)
{
	if (is_7bit && l->encoding != ENCODING_NONE &&
	    l->encoding != ENCODING_7BIT)
		label_set_encoding(h, ENCODING_7BIT);
	else if (!is_7bit && l->encoding == ENCODING_BINARY)
		label_set_encoding(h, ENCODING_8BIT);
}

void
reencode_label(struct header *h, const struct label *l, int noted, bool is_7bit)
{
	if ((noted & PLAN_AS_TEXT) != 0)
		label_set_text(h, charset_of(noted));
	switch (noted & PLAN_HOW) {
	case PLAN_QP:
	case PLAN_BASE64:
		if (!l->has_type)
			label_set_text(h, charset_of(noted));
		label_set_encoding(h, (noted & PLAN_HOW) == PLAN_QP
					  ? ENCODING_QP
					  : ENCODING_BASE64);
		break;
	case PLAN_INSIDE:
		label_inside(h, l, is_7bit);
		break;
	default:
		break;
	}
}

/* ---- texts ---- */

static void
open_text(struct reencode *r, int how)
{
	r->how = how;
	r->is_open = true;
	qp_init(&r->qp);
	base64_init(&r->base64);
}

static int
put_text(struct reencode *r, const char *p, size_t n)
{
	switch (r->how) {
	case PLAN_QP:
		return qp_write(&r->qp, p, n, r->out);
	case PLAN_QP_REWRAP:
		return qp_rewrap(&r->qp, p, n, r->out);
	case PLAN_BASE64:
		return base64_write(&r->base64, p, n, r->out);
	case PLAN_BASE64_REWRAP:
		return base64_rewrap(&r->base64, p, n, r->out);
	default:
		return buf_append(r->out, p, n);
	}
}

static int
close_text(struct reencode *r)
{
	if (!r->is_open)
		return 0;
	r->is_open = false;
	switch (r->how) {
	case PLAN_QP:
		return qp_end(&r->qp, r->out);
	case PLAN_QP_REWRAP:
		return qp_rewrap_end(&r->qp, r->out);
	case PLAN_BASE64:
	case PLAN_BASE64_REWRAP:
		return base64_end(&r->base64, r->out);
	default:
		return 0;
	}
}

/* ---- pieces ---- */

/* For a part beyond those of the plan: what is right for any content. */
static int
note_blindly(const struct mime *m, const struct label *l)
{
	if (mime_has_parts(m, l))
		return PLAN_INSIDE | PLAN_BEFORE | PLAN_BEHIND;
	if (l->encoding == ENCODING_QP)
		return PLAN_QP_REWRAP;
	if (l->encoding == ENCODING_BASE64)
		return PLAN_BASE64_REWRAP;
	if (l->type == LABEL_MULTIPART || l->type == LABEL_MESSAGE)
		return PLAN_QP | PLAN_AS_TEXT;
	return PLAN_QP;
}

static int
put_header(struct reencode *r, const struct mime_piece *piece)
{
	struct header h = { NULL, 0 };
	int rc = -1;

	if ((r->noted & PLAN_HOW) == PLAN_KEEP &&
	    !tidy_is_needed(&r->tidy, piece->p, piece->n))
		return buf_append(r->out, piece->p, piece->n);
	header_parse(piece->p, piece->n, &h);
	reencode_label(&h, piece->label, r->noted, r->plan->is_7bit);
	if (header_tidy(&h, &r->tidy) != -1 && header_put(r->out, &h) != -1)
		rc = buf_append(r->out, "\r\n", 2);
	header_clear(&h);
	return rc;
}

static int
take_header(struct reencode *r, const struct mime_piece *piece)
{
	r->noted = plan_of(r->plan, piece->part);
	if (r->noted == -1)
		r->noted = note_blindly(&r->mime, piece->label);
	if (put_header(r, piece) == -1)
		return -1;
	return (r->noted & PLAN_AS_TEXT) != 0 ? MIME_AS_TEXT : 0;
}

static int
take_aside(struct reencode *r, const struct mime_piece *piece)
{
	int noted = plan_of(r->plan, piece->part);
	int flag = piece->is_behind ? PLAN_BEHIND : PLAN_BEFORE;

	if (!r->is_open)
		open_text(r, (noted & flag) != 0 ? PLAN_QP : PLAN_KEEP);
	return put_text(r, piece->p, piece->n);
}

static int
take(void *arg, const struct mime_piece *piece)
{
	struct reencode *r = arg;

	switch (piece->kind) {
	case MIME_HEADER:
		if (close_text(r) == -1)
			return -1;
		return take_header(r, piece);
	case MIME_BODY:
		if (!r->is_open)
			open_text(r, r->noted & PLAN_HOW);
		return put_text(r, piece->p, piece->n);
	case MIME_MARK:
		if (close_text(r) == -1)
			return -1;
		return buf_append(r->out, piece->p, piece->n);
	case MIME_ASIDE:
		return take_aside(r, piece);
	}
	return -1;
}

void
reencode_begin(struct reencode *r, const struct plan *plan,
    const struct label *root, const struct tidy *tidy)
{
	memset(r, 0, sizeof(*r));
	r->plan = plan;
	r->tidy = *tidy;
	r->tidy.keep = plan->is_7bit ? TIDY_ASCII : TIDY_8BIT;
	r->noted = plan_of(plan, 0);
	r->last = '\n';
	mime_begin(&r->mime, root,
	    (r->noted & PLAN_AS_TEXT) != 0 ? MIME_AS_TEXT : 0, take, r);
}

void
reencode_clear(struct reencode *r)
{
	mime_clear(&r->mime);
}

static void
note_last(struct reencode *r, const struct buf *out)
{
	if (out->len > 0)
		r->last = out->data[out->len - 1];
}

int
reencode_put(struct reencode *r, const char *p, size_t n, struct buf *out)
{
	int rc;

	r->out = out;
	rc = mime_put(&r->mime, p, n);
	note_last(r, out);
	return rc;
}

int
reencode_end(struct reencode *r, struct buf *out)
{
	r->out = out;
	if (mime_end(&r->mime) == -1 || close_text(r) == -1)
		return -1;
	note_last(r, out);
	return r->last == '\n' ? 0 : buf_append(out, "\r\n", 2);
}
