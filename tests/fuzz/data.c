/* SPDX-License-Identifier: ISC */
/*
 * The text behind DATA, cut into pieces where the first octet says: it ends
 * where the definition says and nowhere else, the cut never matters, and what
 * we send ourselves comes back as it was.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mail/canon.h"
#include "mail/dotline.h"
#include "smtpd/data.h"

#include "tests/fuzz/fuzz.h"

struct taken {
	char *text;
	size_t len;
	size_t used;
	bool ended;
};

static void
take(const char *p, size_t n, bool takes_lf, size_t cut, struct taken *t)
{
	struct data d;
	size_t len, used;

	data_init(&d, takes_lf);
	t->text = malloc(DATA_ROOM(n));
	assert(t->text != NULL);
	t->used = data_take(&d, p, cut, t->text, &t->len);
	if (!d.ended) {
		assert(t->used == cut);
		used = data_take(&d, p + cut, n - cut, t->text + t->len, &len);
		t->used += used;
		t->len += len;
	}
	t->ended = d.ended;
	assert(t->ended || t->used == n);
}

/* Is the end of a line at p[i - 1]?  The text begins a line. */
static bool
is_line_start(const char *p, size_t i, bool takes_lf)
{
	if (i == 0)
		return true;
	if (p[i - 1] != '\n')
		return false;
	return takes_lf || (i > 1 && p[i - 2] == '\r');
}

/* Where the first command behind the text begins, or 0. */
static size_t
find_end(const char *p, size_t n, bool takes_lf)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] != '.' || !is_line_start(p, i, takes_lf))
			continue;
		if (takes_lf && n - i >= 2 && p[i + 1] == '\n')
			return i + 2;
		if (n - i >= 3 && p[i + 1] == '\r' && p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static void
check_end(const char *p, size_t n, bool takes_lf, size_t cut)
{
	size_t end = find_end(p, n, takes_lf);
	struct taken whole, parts;

	take(p, n, takes_lf, 0, &whole);
	take(p, n, takes_lf, cut, &parts);
	assert(whole.ended == (end != 0));
	assert(end == 0 || whole.used == end);
	assert(parts.ended == whole.ended && parts.used == whole.used);
	assert(parts.len == whole.len);
	assert(memcmp(parts.text, whole.text, whole.len) == 0);
	free(whole.text);
	free(parts.text);
}

static void
check_return(const char *p, size_t n, size_t cut)
{
	struct buf text, wire;
	struct canon canon;
	struct dotline d;
	struct taken t;

	canon_init(&canon, CANON_DOT_IS_TEXT);
	buf_init(&text, CANON_ROOM(n));
	assert(canon_put(&canon, p, n, &text) == 0);
	assert(canon_end(&canon, &text) == 0);
	dotline_init(&d);
	buf_init(&wire, DOTLINE_ROOM(text.len));
	assert(dotline_put(&d, buf_data(&text), text.len, &wire) == 0);
	assert(dotline_end(&d, &wire) == 0);
	take(wire.data, wire.len, false, cut % wire.len, &t);
	assert(t.ended && t.used == wire.len && t.len == text.len);
	assert(memcmp(t.text, buf_data(&text), t.len) == 0);
	free(t.text);
	buf_clear(&text);
	buf_clear(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p + 1;
	size_t cut;

	if (n == 0)
		return 0;
	n--;
	cut = p[0] % (n + 1);
	check_end(text, n, false, cut);
	check_end(text, n, true, cut);
	check_return(text, n, cut);
	return 0;
}
