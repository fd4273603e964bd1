/* SPDX-License-Identifier: ISC */
/* LISTEN_TROUBLE: a client's words, and two fields more. */
#include "config.h"

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_listen.h"
#include "common/proto_trouble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define TXT FIELDMAP_TEXT
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item items[] = {
	TXT(30, client_trouble, text),
	NUM(31, client_trouble, count, 1, TROUBLE_COUNT_MAX),
};
/* clang-format on */

int
client_trouble_put(struct buf *b, const struct client_trouble *t)
{
	ssize_t start = frame_begin(b, LISTEN_TROUBLE);

	if (start == -1 || client_words_put_fields(b, &t->words) == -1 ||
	    fieldmap_put(b, items, COUNT(items), t) == -1)
		return -1;
	return frame_end(b, start);
}

static bool
is_clean(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

int
client_trouble_get(
    const struct frame *f, struct client_trouble *t, struct err *e)
{
	struct fieldmap m = { items, COUNT(items), t, 0 };
	struct client_words_reading words = { &t->words, 0 };
	struct field_walk walk;
	struct field x;
	int rc;

	memset(t, 0, sizeof(*t));
	if (f->type != LISTEN_TROUBLE)
		return fieldmap_malformed(e, "no trouble", 0);
	field_walk_init(&walk, f);
	while ((rc = field_next(&walk, &x)) == 1) {
		rc = fieldmap_take(&m, 1, &x, e);
		if (rc == 1)
			rc = client_words_take_field(&words, &x);
		if (rc == -1)
			break;
	}
	if (rc != 0 || fieldmap_finish(&m, 1, e) == -1 || !is_clean(t->text))
		return fieldmap_malformed(e, "a client's trouble", 0);
	return 0;
}
