/* SPDX-License-Identifier: ISC */
/*
 * What is remembered beside the mail: how each account stands, what was sent
 * when (the ledger of budgets), small facts by name; and moving all instants
 * when somebody has set the clock.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/store_priv.h"

/*
 * The end of the names that begin with prefix: its last character is a blank,
 * and "!" is the next one.
 */
static char *
end_of(const char *prefix)
{
	size_t n = strlen(prefix);
	char *end = xstrdup(prefix);

	assert(n > 0 && end[n - 1] == ' ');
	end[n - 1] = '!';
	return end;
}

void
store_account_clear(struct store_account *a)
{
	free(a->name);
	free(a->text);
	free(a->meaning);
	free(a->fix);
	memset(a, 0, sizeof(*a));
}

int
store_account_get(
    struct store *s, const char *name, struct store_account *a, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ACCOUNT_GET);
	const char *status;
	int found;

	query_bind_text(st, 1, name);
	found = query_row(s, st, e);
	memset(a, 0, sizeof(*a));
	if (found == 1 &&
	    account_state_parse(query_text(st, 0), &a->state) == -1)
		found =
		    query_error(SQLITE_CORRUPT, s->path, "an unknown state", e);
	if (found == 1) {
		a->name = xstrdup(name);
		a->since = query_i64(st, 1);
		a->next_at = query_i64(st, 2);
		a->failures = (unsigned)query_i64(st, 3);
		a->code = (unsigned)query_i64(st, 4);
		if ((status = query_text(st, 5)) != NULL)
			strlcpy(a->status, status, sizeof(a->status));
		a->text = query_dup(st, 6);
		a->meaning = query_dup(st, 7);
		a->fix = query_dup(st, 8);
		a->last_success_at = query_i64(st, 9);
	}
	query_end(st);
	return found;
}

int
store_account_put(struct store *s, const struct store_account *a, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_ACCOUNT_PUT);

	query_bind_text(st, 1, a->name);
	query_bind_text(st, 2, account_state_name(a->state));
	query_bind_i64(st, 3, a->since);
	query_bind_i64(st, 4, a->next_at);
	query_bind_i64(st, 5, a->failures);
	query_bind_i64(st, 6, a->code);
	query_bind_text(st, 7, a->status[0] == '\0' ? NULL : a->status);
	query_bind_text(st, 8, a->text);
	query_bind_text(st, 9, a->meaning);
	query_bind_text(st, 10, a->fix);
	query_bind_i64(st, 11, a->last_success_at);
	return query_change(s, st, NULL, e);
}

static sqlite3_stmt *
start_budget(struct store *s, enum sql which, const char *key, int64_t at,
    unsigned messages, unsigned recipients)
{
	sqlite3_stmt *st = query_start(s, which);

	query_bind_text(st, 1, key);
	query_bind_i64(st, 2, at);
	query_bind_i64(st, 3, messages);
	query_bind_i64(st, 4, recipients);
	return st;
}

int
store_budget_add(struct store *s, const char *key, int64_t at,
    unsigned messages, unsigned recipients, struct err *e)
{
	return query_change(s,
	    start_budget(s, SQL_BUDGET_ADD, key, at, messages, recipients),
	    NULL, e);
}

int
store_budget_later(struct store *s, const char *key, int64_t from, int64_t to,
    unsigned recipients, struct err *e)
{
	int found;

	if (query_change(s,
		start_budget(s, SQL_BUDGET_TAKE, key, from, 1, recipients),
		&found, e) == -1)
		return -1;
	/* Somebody has set the clock far, and it is forgotten. */
	return found == 0 ? 0 : store_budget_add(s, key, to, 1, recipients, e);
}

int
store_budget_each(struct store *s, const char *key, int64_t since,
    store_budget_row *f, void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_BUDGET_GET);
	int more;

	query_bind_text(st, 1, key);
	query_bind_i64(st, 2, since);
	while ((more = query_row(s, st, e)) == 1)
		f(arg, query_i64(st, 0), (unsigned)query_i64(st, 1),
		    (unsigned)query_i64(st, 2));
	query_end(st);
	return more;
}

int
store_budget_each_of(struct store *s, const char *prefix, int64_t since,
    store_budget_rest *f, void *arg, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_BUDGET_GET_ALL);
	char *end = end_of(prefix);
	int more;

	query_bind_text(st, 1, prefix);
	query_bind_text(st, 2, end);
	query_bind_i64(st, 3, since);
	while ((more = query_row(s, st, e)) == 1)
		f(arg, query_text(st, 0), query_i64(st, 1),
		    (unsigned)query_i64(st, 2), (unsigned)query_i64(st, 3));
	query_end(st);
	free(end);
	return more;
}

int
store_budget_forget(struct store *s, int64_t before, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_BUDGET_FORGET);

	query_bind_i64(st, 1, before);
	return query_change(s, st, NULL, e);
}

int
store_fact_get(struct store *s, const char *name, char **value, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FACT_GET);
	int found;

	query_bind_text(st, 1, name);
	found = query_row(s, st, e);
	*value = found == 1 ? query_dup(st, 0) : NULL;
	query_end(st);
	return found;
}

int
store_fact_put(
    struct store *s, const char *name, const char *value, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FACT_PUT);

	query_bind_text(st, 1, name);
	query_bind_text(st, 2, value);
	return query_change(s, st, NULL, e);
}

int
store_fact_delete(struct store *s, const char *name, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FACT_DELETE);

	query_bind_text(st, 1, name);
	return query_change(s, st, NULL, e);
}

int
store_fact_names(struct store *s, const char *prefix, size_t max,
    struct strlist *names, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FACT_NAMES);
	char *end = end_of(prefix);
	int more;

	query_bind_text(st, 1, prefix);
	query_bind_text(st, 2, end);
	query_bind_u64(st, 3, max);
	while ((more = query_row(s, st, e)) == 1)
		strlist_add(names, query_text(st, 0));
	query_end(st);
	free(end);
	return more;
}

int
store_fact_rename(
    struct store *s, const char *from, const char *to, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_FACT_RENAME);
	char *end = end_of(from);
	int rc;

	query_bind_text(st, 1, from);
	query_bind_text(st, 2, end);
	query_bind_text(st, 3, to);
	rc = query_change(s, st, NULL, e);
	free(end);
	return rc;
}

int
store_instants_forget(
    struct store *s, const char *prefix, int64_t before, struct err *e)
{
	sqlite3_stmt *st = query_start(s, SQL_INSTANTS_FORGET);
	char *end = end_of(prefix);
	int rc;

	query_bind_text(st, 1, prefix);
	query_bind_text(st, 2, end);
	query_bind_i64(st, 3, before);
	rc = query_change(s, st, NULL, e);
	free(end);
	return rc;
}

int
store_move_times(struct store *s, int64_t by_s, struct err *e)
{
	static const enum sql moves[] = { SQL_MOVE_MESSAGES, SQL_MOVE_RCPTS,
		SQL_MOVE_ATTEMPTS, SQL_MOVE_EVENTS, SQL_MOVE_SUBMISSIONS,
		SQL_MOVE_ACCOUNTS, SQL_MOVE_DEVICES, SQL_MOVE_FACTS,
		SQL_MOVE_BUDGETS_AWAY };
	sqlite3_stmt *st;
	size_t i;

	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		st = query_start(s, moves[i]);
		query_bind_i64(st, 1, by_s);
		if (query_change(s, st, NULL, e) == -1)
			return -1;
	}
	return query_change(s, query_start(s, SQL_MOVE_BUDGETS_BACK), NULL, e);
}
