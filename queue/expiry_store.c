/* SPDX-License-Identifier: ISC */
/* The expiry calendar on disk. */
#include "config.h"

#include <string.h>

#include "queue/expiry_store.h"
#include "queue/store_priv.h"

static bool
find_what(const char *name, enum expiry_what *what)
{
	int i;

	for (i = 0; i < EXPIRY_WHATS; i++)
		if (strcmp(name, expiry_what_name((enum expiry_what)i)) == 0) {
			*what = (enum expiry_what)i;
			return true;
		}
	return false;
}

static bool
find_source(const char *name, enum expiry_source *source)
{
	int i;

	for (i = 0; i < EXPIRY_SOURCES; i++)
		if (strcmp(name, expiry_source_name((enum expiry_source)i)) ==
		    0) {
			*source = (enum expiry_source)i;
			return true;
		}
	return false;
}

static unsigned
stage_of(int64_t v)
{
	return v < 0 ? 0 : v > EXPIRY_OVER ? EXPIRY_OVER : (unsigned)v;
}

int
expiry_each(struct store *s, expiry_row *row, void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_EXPIRY_EACH);
	enum expiry_what what;
	struct expiry x;
	int more;

	while ((more = query_row(s, st, e)) == 1) {
		memset(&x, 0, sizeof(x));
		if (!find_what(query_text(st, 1), &what) ||
		    !find_source(query_text(st, 3), &x.source))
			continue;
		x.at = query_i64(st, 2);
		x.warned = stage_of(query_i64(st, 4));
		x.mailed = stage_of(query_i64(st, 5));
		row(arg, query_text(st, 0), what, &x);
	}
	query_end(st);
	return more;
}

int
expiry_put(struct store *s, const char *subject, enum expiry_what what,
    const struct expiry *x, struct err *e)
{
	sqlite3_stmt *st =
	    query_start(s, x->at == 0 ? SQL_EXPIRY_DELETE : SQL_EXPIRY_PUT);

	query_bind_text(st, 1, subject);
	query_bind_text(st, 2, expiry_what_name(what));
	if (x->at != 0) {
		query_bind_i64(st, 3, x->at);
		query_bind_text(st, 4, expiry_source_name(x->source));
		query_bind_i64(st, 5, x->warned);
		query_bind_i64(st, 6, x->mailed);
	}
	return query_change(s, st, NULL, e);
}
