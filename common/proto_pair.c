/* SPDX-License-Identifier: ISC */
/* Certificates and a key in a frame. */
#include "config.h"

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_listen.h"
#include "common/proto_pair.h"

/* clang-format off */
#define TXT FIELDMAP_TEXT
#define NUM FIELDMAP_NUMBER

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct fieldmap_item judged_items[] = {
	NUM(1, pair_judged, is_good, 0, 1),
	TXT(2, pair_judged, text),
	NUM(3, pair_judged, until, 0, INT64_MAX),
};
/* clang-format on */

enum {
	TAG_CERTIFICATE = 1,
	TAG_KEY
};

void
pair_init(struct pair *p)
{
	buf_init(&p->certificate, PAIR_FILE_MAX);
	buf_init(&p->key, PAIR_FILE_MAX);
}

void
pair_wipe(struct pair *p)
{
	buf_wipe(&p->certificate);
	buf_wipe(&p->key);
}

int
pair_put(struct buf *b, const struct pair *p)
{
	ssize_t start = frame_begin(b, LISTEN_PAIR);

	if (start == -1 ||
	    field_put(b, TAG_CERTIFICATE, p->certificate.data,
		p->certificate.len) == -1 ||
	    field_put(b, TAG_KEY, p->key.data, p->key.len) == -1)
		return -1;
	return frame_end(b, start);
}

/* Neither may be empty, or come twice. */
static int
take(struct pair *p, const struct field *x)
{
	struct buf *to = x->tag == TAG_CERTIFICATE ? &p->certificate
			 : x->tag == TAG_KEY       ? &p->key
						   : NULL;

	if (to == NULL || to->len > 0)
		return -1;
	return buf_append(to, x->value, x->len);
}

int
pair_get(const struct frame *f, struct pair *p, struct err *e)
{
	struct field_walk w;
	struct field x;
	int rc = -1;

	field_walk_init(&w, f);
	if (f->type == LISTEN_PAIR)
		while ((rc = field_next(&w, &x)) == 1)
			if (take(p, &x) == -1)
				break;
	if (rc == 0 && p->certificate.len > 0 && p->key.len > 0)
		return 0;
	pair_wipe(p);
	return fieldmap_malformed(e, "no certificates with a key", 0);
}

int
pair_judged_put(struct buf *b, const struct pair_judged *j)
{
	ssize_t start = frame_begin(b, LISTEN_JUDGED);

	if (start == -1 ||
	    fieldmap_put(b, judged_items, COUNT(judged_items), j) == -1)
		return -1;
	return frame_end(b, start);
}

int
pair_judged_get(const struct frame *f, struct pair_judged *j, struct err *e)
{
	struct fieldmap m = { judged_items, COUNT(judged_items), j, 0 };

	memset(j, 0, sizeof(*j));
	if (f->type != LISTEN_JUDGED)
		return fieldmap_malformed(e, "no judgement", 0);
	return fieldmap_get(f, &m, 1, e);
}
