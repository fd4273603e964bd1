/* SPDX-License-Identifier: ISC */
/* The frame AUTHORS: what is read is what strangers wrote. */
#include "config.h"

#include <stdlib.h>

#include "common/proto_authors.h"
#include "common/proto_submit.h"

enum {
	TAG_AUTHOR = 1,
	TAG_UNREAD
};

int
authors_put(struct buf *b, const struct authors *a)
{
	ssize_t start;
	size_t i;

	if (a->others.n == 0 && !a->has_unread)
		return 0;
	start = frame_begin(b, SUBMIT_AUTHORS);
	for (i = 0; i < a->others.n; i++)
		if (field_put_str(b, TAG_AUTHOR, a->others.v[i]) == -1)
			return -1;
	if (a->has_unread && field_put(b, TAG_UNREAD, NULL, 0) == -1)
		return -1;
	return start == -1 ? -1 : frame_end(b, start);
}

/* As envelope_text has it. */
static int
take_author(struct authors *a, const struct field *x)
{
	char *said = field_str(x), *text = envelope_text(said);

	if (text != NULL)
		strlist_add(&a->others, text);
	free(said);
	free(text);
	return text == NULL ? -1 : 0;
}

static int
take(struct authors *a, const struct field *x)
{
	if (x->tag == TAG_AUTHOR && a->others.n < AUTHORS_MAX)
		return take_author(a, x);
	if (x->tag != TAG_UNREAD || x->len != 0 || a->has_unread)
		return -1;
	a->has_unread = true;
	return 0;
}

int
authors_get(const struct frame *f, struct authors *a, struct err *e)
{
	struct field_walk w;
	struct field x;
	int rc;

	field_walk_init(&w, f);
	while ((rc = field_next(&w, &x)) == 1)
		if (take(a, &x) == -1)
			break;
	return rc == 0 ? 0
		       : err_set(e, ERR_PERM, "5.5.0",
			     "the submission's authors are malformed");
}
