/* SPDX-License-Identifier: ISC */
/* The devices on disk. */
#include "config.h"

#include <string.h>

#include "queue/device_store.h"
#include "queue/figures.h"
#include "queue/store_priv.h"

bool
device_tls_is_old(const char *tls)
{
	static const char *const old[] = { "", "SSLv3", "TLSv1", "TLSv1.0",
		"TLSv1.1" };
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcmp(tls, old[i]) == 0)
			return true;
	return false;
}

static void
bind_whose(sqlite3_stmt *st, const struct device *d)
{
	query_bind_text(st, 1, d->listener);
	query_bind_text(st, 2, d->client);
	query_bind_text(st, 3, d->login);
}

/* A new row, and whose place it takes. */
static int
add(struct store *s, const struct device *d, int64_t now, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DEVICE_ADD);

	bind_whose(st, d);
	query_bind_text(st, 4, d->name);
	query_bind_text(st, 5, d->tls);
	query_bind_text(st, 6, d->cipher);
	query_bind_i64(st, 7, d->is_old);
	query_bind_i64(st, 8, d->error_at > 0 ? d->error_at : now);
	query_bind_i64(st, 9, now);
	query_bind_u64(st, 10, d->messages);
	query_bind_u64(st, 11, d->failures);
	query_bind_i64(st, 12, d->error_at);
	query_bind_text(st, 13, d->error);
	if (query_change(s, st, NULL, e) == -1)
		return -1;
	st = query_start(s, SQL_DEVICE_TRIM);
	query_bind_i64(st, 1, DEVICES_MAX);
	return query_change(s, st, NULL, e);
}

int
device_sent(struct store *s, const struct device *d, int64_t now, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DEVICE_SENT);
	struct device fresh = *d;
	int changed;

	fresh.is_old = device_tls_is_old(d->tls);
	bind_whose(st, d);
	query_bind_i64(st, 4, now);
	query_bind_text(st, 5, d->name);
	query_bind_text(st, 6, d->tls);
	query_bind_text(st, 7, d->cipher);
	query_bind_i64(st, 8, fresh.is_old);
	if (query_change(s, st, &changed, e) == -1)
		return -1;
	store_count_listened(s, d->listener);
	if (changed > 0)
		return 0;
	fresh.messages = 1;
	fresh.failures = 0;
	fresh.error_at = 0;
	fresh.error = "";
	return add(s, &fresh, now, e);
}

int
device_failed(struct store *s, const struct device *d, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DEVICE_FAILED);
	struct device fresh = *d;
	int changed;

	bind_whose(st, d);
	query_bind_i64(st, 4, d->error_at);
	query_bind_text(st, 5, d->name);
	query_bind_text(st, 6, d->error);
	query_bind_u64(st, 7, d->failures);
	if (query_change(s, st, &changed, e) == -1)
		return -1;
	if (changed > 0)
		return 0;
	/* Who never came to TLS may have the newest. */
	fresh.is_old = d->tls[0] != '\0' && device_tls_is_old(d->tls);
	fresh.messages = 0;
	return add(s, &fresh, d->error_at, e);
}

int
device_forget(struct store *s, int64_t before, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DEVICE_FORGET);

	query_bind_i64(st, 1, before);
	return query_change(s, st, NULL, e);
}

static void
from_row(sqlite3_stmt *st, struct device *d)
{
	d->id = query_i64(st, 0);
	d->listener = query_text(st, 1);
	d->client = query_text(st, 2);
	d->login = query_text(st, 3);
	d->name = query_text(st, 4);
	d->tls = query_text(st, 5);
	d->cipher = query_text(st, 6);
	d->is_old = query_i64(st, 7) != 0;
	d->old_at = query_i64(st, 8);
	d->first_at = query_i64(st, 9);
	d->last_at = query_i64(st, 10);
	d->messages = query_u64(st, 11);
	d->failures = query_u64(st, 12);
	d->error_at = query_i64(st, 13);
	d->error = query_text(st, 14);
}

int
device_each(struct store *s, int64_t *last, size_t max, device_row *row,
    void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_DEVICE_EACH);
	struct device d;
	size_t n = 0;
	int more;

	query_bind_i64(st, 1, *last);
	query_bind_i64(st, 2, (int64_t)max);
	while ((more = query_row(s, st, e)) == 1) {
		from_row(st, &d);
		*last = d.id;
		n++;
		row(arg, &d);
	}
	query_end(st);
	return more == -1 ? -1 : n == max;
}
