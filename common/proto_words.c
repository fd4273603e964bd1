/* SPDX-License-Identifier: ISC */
/* A client's words, by one table for the two frames that they stand in. */
#include "config.h"

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_listen.h"
#include "common/proto_words.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* No field has to be there: what is missing was not said. */
/* clang-format off */
#define TXT(tag, s, m) \
	{ tag, FIELD_TEXT, offsetof(struct s, m), \
	    sizeof(((struct s *)0)->m), 0, 0, false }
#define NUM(tag, s, m, min, max) \
	{ tag, FIELD_NUMBER, offsetof(struct s, m), \
	    sizeof(((struct s *)0)->m), min, max, false }

static const struct fieldmap_item items[] = {
	TXT(12, client_words, tls_version),
	TXT(13, client_words, tls_cipher),
	TXT(14, client_words, helo),
	NUM(15, client_words, is_esmtp, 0, 1),
};
/* clang-format on */

static bool
is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

void
client_words_set(char *to, size_t size, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < size - 1; i++)
		to[i] = is_printable(p[i]) ? p[i] : '?';
	to[i] = '\0';
}

int
client_words_put_fields(struct buf *b, const struct client_words *w)
{
	return fieldmap_put(b, items, COUNT(items), w);
}

bool
client_words_are_same(
    const struct client_words *a, const struct client_words *b)
{
	return a->is_esmtp == b->is_esmtp &&
	       strcmp(a->tls_version, b->tls_version) == 0 &&
	       strcmp(a->tls_cipher, b->tls_cipher) == 0 &&
	       strcmp(a->helo, b->helo) == 0;
}

int
client_words_put(struct buf *b, const struct client_words *w)
{
	ssize_t start = frame_begin(b, LISTEN_ASK);

	if (start == -1 || client_words_put_fields(b, w) == -1)
		return -1;
	return frame_end(b, start);
}

static bool
is_clean(const struct field *x)
{
	size_t i;

	for (i = 0; i < x->len; i++)
		if (!is_printable((char)x->value[i]))
			return false;
	return true;
}

static bool
is_text(uint8_t tag)
{
	size_t i;

	for (i = 0; i < COUNT(items); i++)
		if (items[i].tag == tag)
			return items[i].kind == FIELD_TEXT;
	return false;
}

int
client_words_take_field(struct client_words_reading *r, const struct field *x)
{
	struct fieldmap m = { items, COUNT(items), r->into, r->seen };
	struct err e;

	if (is_text(x->tag) && !is_clean(x))
		return -1;
	if (fieldmap_take(&m, 1, x, &e) != 0)
		return -1;
	r->seen = m.seen;
	return 0;
}

int
client_words_get(const struct frame *f, struct client_words *w, struct err *e)
{
	struct client_words_reading r = { w, 0 };
	struct field_walk walk;
	struct field x;
	int rc;

	memset(w, 0, sizeof(*w));
	if (f->type != LISTEN_ASK)
		return fieldmap_malformed(e, "no client's words", 0);
	field_walk_init(&walk, f);
	while ((rc = field_next(&walk, &x)) == 1)
		if (client_words_take_field(&r, &x) == -1)
			break;
	return rc == 0 ? 0 : fieldmap_malformed(e, "a client's words", 0);
}
