/* SPDX-License-Identifier: ISC */
/*
 * What has to be changed before a message can go to one server, by this
 * account.  Most of it is in the header, which is here whole.  A body that has
 * to be encoded is read twice: once to find out which parts, and once more to
 * send it (mail/plan.h, mail/reencode.h); one that is held whole is read twice
 * here, the queue sends a larger one twice.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "mail/rewrite.h"
#include "delivery/body_priv.h"
#include "delivery/idn.h"

/* A message, and what stands in its way. */
struct fit {
	struct body *body;
	const struct body_way *way;
	struct header header;
	size_t span; /* octets of the header, as stored */
	bool changed;
	bool header_is_odd; /* octets beyond ASCII in it, or long lines */
	bool body_is_8bit, body_is_utf8, body_is_long;
	struct label label;
	struct recode *recode; /* the body has to be encoded */
};

static int
too_large(struct err *e)
{
	return err_set(e, ERR_PERM, "5.3.4", "the header is too large");
}

/* ---- reading ---- */

/* Reads until the header is there; its length, or -1. */
static ssize_t
read_header(struct body *b, struct err *e)
{
	bool has_blank;
	ssize_t n;

	for (;;) {
		n = header_span(
		    buf_data(&b->data), b->data.len, b->is_read, &has_blank);
		if (n > HEADER_MAX || (n == -1 && b->data.len > HEADER_MAX))
			return err_set(e, ERR_PERM, "5.3.4",
			    "the header is larger than 1 MiB");
		if (n >= 0)
			return n;
		if (body_fill(b, e) == -1)
			return -1;
	}
}

static bool
is_small(const struct body *b)
{
	return b->message->size <= BODY_WHOLE;
}

/* Of a large message the queue has told it; a small one is here. */
static void
find_oddities(struct fit *f)
{
	const struct job_message *m = f->body->message;
	const char *text = buf_data(&f->body->data);
	uint64_t eight = m->eight_at, wrong = m->wrong_at, lines = m->long_at;
	struct tidy t = { .keep = TIDY_ASCII };
	struct look l;

	if (is_small(f->body)) {
		look_init(&l);
		look_put(&l, text, f->body->data.len);
		look_end(&l);
		eight = l.eight_at;
		wrong = l.wrong_at;
		lines = l.long_at;
	}
	f->body_is_8bit = eight > f->span;
	f->body_is_utf8 = wrong <= f->span;
	f->body_is_long = lines > f->span;
	if (eight > 0 || lines > 0)
		f->header_is_odd = tidy_is_needed(&t, text, f->span);
}

/* ---- the header ---- */

/*
 * Octets beyond ASCII stay in the body: then the header has to say so, and what
 * they are.  ISO-8859-1 has a meaning for any of them, and is the best guess
 * for what is not UTF-8.
 */
static void
complete_label(struct fit *f)
{
	if (label_set_version(&f->header))
		f->changed = true;
	if (!f->label.has_type && label_is_plain(&f->label)) {
		label_set_text(
		    &f->header, f->body_is_utf8 ? "utf-8" : "iso-8859-1");
		f->changed = true;
	}
	if (f->label.encoding == ENCODING_NONE ||
	    f->label.encoding == ENCODING_7BIT) {
		label_set_encoding(&f->header, ENCODING_8BIT);
		f->changed = true;
	}
}

/* What the body will be. */
static void
label_body(struct fit *f)
{
	bool stays_8bit = f->body_is_8bit;

	if (f->recode != NULL) {
		(void)label_set_version(&f->header);
		reencode_label(&f->header, &f->label,
		    plan_of(&f->recode->plan, 0), f->way->is_7bit);
		f->changed = true;
		stays_8bit = f->recode->plan.leaves_eight;
	}
	if (stays_8bit)
		complete_label(f);
	f->body->has_8bit = stays_8bit;
}

static int
tidy_header(struct fit *f, struct err *e)
{
	struct tidy t = { .keep = TIDY_ASCII, .to_ascii = idn_to_ascii };

	if (f->way->has_utf8) {
		t.keep = TIDY_UTF8;
		f->body->has_8bit = true;
	}
	if (header_tidy(&f->header, &t) == -1)
		return too_large(e);
	f->changed = true;
	return 0;
}

/* ---- the body ---- */

/* For administrators: what was signed is not what it was any more. */
static void
log_recoding(const struct body *b, const struct plan *p)
{
	struct buf line;

	buf_init(&line, LOG_LINE_MAX);
	log_begin(&line, "encoded");
	log_str(&line, "id", b->message->queue_id);
	log_num(&line, "parts", (int64_t)p->touched);
	if (p->has_eight)
		log_str(&line, "octets", "8-bit, and no 8BITMIME");
	if (p->has_long)
		log_str(&line, "lines", "of more than 998 octets");
	if (p->breaks_signed)
		log_str(&line, "signature", "broken");
	if (p->loses_parts)
		log_str(&line, "structure", "unreadable, sent as text");
	log_end(&line, p->breaks_signed ? LOG_WARNING : LOG_INFO);
	buf_clear(&line);
}

/* The first reading of the body. */
static int
make_plan(struct fit *f, struct err *e)
{
	struct body *b = f->body;
	struct plan *p = &f->recode->plan;
	size_t from = f->span;

	for (;;) {
		plan_put(p, buf_data(&b->data) + from, b->data.len - from);
		if (b->is_read)
			break;
		from = 0;
		buf_truncate(&b->data, 0);
		if (body_fill(b, e) == -1)
			return -1;
	}
	plan_end(p);
	log_recoding(b, p);
	return 0;
}

static int
plan_body(struct fit *f, struct err *e)
{
	bool is_forced =
	    f->body_is_long || (f->body_is_8bit && f->way->is_7bit);

	if (!is_forced)
		return 0;
	if (!is_small(f->body) && !f->body->message->is_twice)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "job channel: a body that has to come twice");
	f->recode = xcalloc(1, sizeof(*f->recode));
	plan_begin(&f->recode->plan, &f->label, f->way->is_7bit);
	return make_plan(f, e);
}

/* The second reading of a message that is sent twice. */
static int
read_again(struct fit *f, struct err *e)
{
	struct body *b = f->body;

	while (!b->is_read) {
		buf_truncate(&b->data, 0);
		if (body_fill(b, e) == -1)
			return -1;
	}
	if (b->is_complete)
		return body_damaged(e, "it does not come again");
	buf_truncate(&b->data, 0);
	b->is_read = false;
	b->skip = f->span;
	return 0;
}

static void
start_encoding(struct fit *f)
{
	struct tidy t = { .to_ascii = idn_to_ascii };
	struct recode *r = f->recode;

	reencode_begin(&r->reencode, &r->plan, &f->label, &t);
	buf_init(&r->raw, FRAME_RAW_MAX);
	/* From here on it takes what is read. */
	f->body->recode = r;
	f->recode = NULL;
}

/* Appends the body of a small message. */
static int
put_small(struct fit *f, struct buf *whole)
{
	const struct buf *stored = &f->body->data;
	struct recode *r = f->body->recode;
	const char *p = buf_data(stored) + f->span;
	size_t n = stored->len - f->span;

	if (r == NULL)
		return buf_append(whole, p, n);
	if (reencode_put(&r->reencode, p, n, whole) == -1)
		return -1;
	return reencode_end(&r->reencode, whole);
}

/* Puts the header as it is now in the place of the one that was stored. */
static int
replace_header(struct fit *f, struct err *e)
{
	struct body *b = f->body;
	bool is_once = !b->message->is_twice;
	struct buf whole;
	int rc = -1;

	buf_init(&whole, BODY_PIECE_MAX);
	if (header_put(&whole, &f->header) == -1 ||
	    buf_puts(&whole, "\r\n") == -1)
		goto out;
	b->size = b->message->size - f->span + whole.len;
	if (is_once && put_small(f, &whole) == -1)
		goto out;
	if (b->recode != NULL)
		b->has_size = b->is_complete;
	if (b->is_complete)
		b->size = whole.len;
	buf_clear(&b->data);
	b->data = whole;
	buf_init(&whole, BODY_PIECE_MAX);
	rc = 0;
out:
	buf_clear(&whole);
	return rc == -1 ? too_large(e) : 0;
}

static int
fit_message(struct fit *f, struct err *e)
{
	struct body *b = f->body;

	if (header_check_hops(&f->header, e) == -1)
		return -1;
	f->changed = rewrite_header(f->way->rules, &f->header);
	find_oddities(f);
	if (f->body_is_8bit || f->body_is_long) {
		label_read(&f->label, &f->header, false);
		if (plan_body(f, e) == -1)
			return -1;
		label_body(f);
	}
	if (f->header_is_odd && tidy_header(f, e) == -1)
		return -1;
	if (b->message->is_twice && read_again(f, e) == -1)
		return -1;
	if (f->recode != NULL)
		start_encoding(f);
	if (!f->changed && !b->message->is_twice)
		return 0;
	return replace_header(f, e);
}

int
body_open(struct body *b, const struct body_way *way, struct err *e)
{
	struct fit f = { .body = b, .way = way };
	ssize_t n;
	int rc;

	b->size = b->message->size;
	b->has_size = true;
	if ((n = read_header(b, e)) == -1)
		return -1;
	f.span = (size_t)n;
	while (!b->is_read && (is_small(b) || b->data.len < BODY_WHOLE))
		if (body_fill(b, e) == -1)
			return -1;
	header_parse(buf_data(&b->data), f.span, &f.header);
	rc = fit_message(&f, e);
	header_clear(&f.header);
	if (f.recode != NULL) {
		plan_clear(&f.recode->plan);
		free(f.recode);
	}
	return rc;
}
