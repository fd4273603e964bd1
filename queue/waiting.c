/* SPDX-License-Identifier: ISC */
/*
 * Notices that wait, as facts "notice ACCOUNT UID READERS ID", and the ledger
 * of those that went singly, as budgets "notice ACCOUNT UID READERS".
 *
 * A fact rather than a column or a table: it is found by its name, however deep
 * the queue, and costs mail nothing.  It is written in the transaction that
 * makes the notice, and goes in the one that ends it or tells of its first try.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/xalloc.h"
#include "queue/schedule.h"
#include "queue/waiting.h"

#define READERS_NAMED 400 /* octets of addresses in a name */

#define LATE   "late\n"
#define SINGLE "single\n"

/* ---- names ---- */

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
waiting_readers(const struct store_rcpt *v, size_t n, struct strlist *readers)
{
	size_t i;
	char *p;

	for (i = 0; i < n; i++) {
		strlist_add(readers, v[i].address);
		for (p = readers->v[readers->n - 1]; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
	}
	if (readers->n > 1)
		qsort(readers->v, readers->n, sizeof(*readers->v), compare);
}

/* Two sets of the same name do no harm: see waiting.h. */
static void
put_readers(struct buf *b, const struct strlist *readers)
{
	uLong crc = crc32(0, NULL, 0);
	size_t i, n, named = 0;

	for (i = 0; i < readers->n; i++) {
		n = strlen(readers->v[i]);
		crc = crc32(crc, (const Bytef *)readers->v[i], (uInt)n + 1);
		if (b->len + n > READERS_NAMED)
			continue;
		buf_printf(b, "%s%s", named++ == 0 ? "" : ",", readers->v[i]);
	}
	if (named < readers->n)
		buf_printf(
		    b, "+%zu-%08lx", readers->n - named, (unsigned long)crc);
}

char *
waiting_key(const struct store_message *m, const struct strlist *readers)
{
	struct buf names;
	char *key;

	buf_init(&names, 2 * READERS_NAMED);
	put_readers(&names, readers);
	key = xasprintf("notice %s %lu %s", m->account, (unsigned long)m->uid,
	    buf_data(&names));
	buf_clear(&names);
	return key;
}

static char *
fact_name(const char *key, uint64_t id)
{
	char text[QUEUE_ID_TEXT];

	queue_id_format(id, text);
	return xasprintf("%s %s", key, text);
}

/* ---- how many leave singly ---- */

static void
note_budget(void *arg, int64_t at, unsigned messages, unsigned recipients)
{
	budget_note(arg, at, messages, recipients);
}

int
waiting_admit(struct store *s, const char *key, int64_t now, struct waiting *w,
    struct err *e)
{
	const struct rate rate = { WAITING_SINGLY, WAITING_HOUR_S };
	struct budget *b = budget_new(rate, 0);
	int rc;

	rc = store_budget_each(
	    s, key, now - WAITING_HOUR_S - 1, note_budget, b, e);
	if (rc == 0) {
		w->due_at = budget_next(b, now, 0);
		w->is_late = w->due_at > now;
		if (!w->is_late) {
			w->due_at = now;
			rc = store_budget_add(s, key, now, 1, 0, e);
		}
	}
	budget_free(b);
	return rc;
}

int
waiting_reported(struct store *s, const char *key, int64_t now, struct err *e)
{
	return store_budget_add(s, key, now, WAITING_SINGLY, 0, e);
}

/* ---- who waits ---- */

int
waiting_put(struct store *s, const char *key, uint64_t id,
    const struct waiting *w, const char *note, struct err *e)
{
	char *name = fact_name(key, id), *value;
	int rc;

	value = xasprintf("%s%s", w->is_late ? LATE : SINGLE, note);
	rc = store_fact_put(s, name, value, e);
	free(value);
	free(name);
	return rc;
}

int
waiting_get(struct store *s, const char *key, uint64_t id, bool *is_late,
    char **note, struct err *e)
{
	char *name = fact_name(key, id), *value = NULL;
	int found;

	found = store_fact_get(s, name, &value, e);
	if (found == 1) {
		*is_late = strncmp(value, LATE, strlen(LATE)) == 0;
		if (note != NULL)
			*note = xstrdup(value + strcspn(value, "\n") +
					(value[strcspn(value, "\n")] == '\n'));
	}
	free(value);
	free(name);
	return found;
}

int
waiting_list(struct store *s, const char *key, uint64_t *ids, size_t max,
    size_t *n, struct err *e)
{
	struct strlist names = { NULL, 0 };
	char *prefix = xasprintf("%s ", key);
	size_t i;
	int rc;

	*n = 0;
	rc = store_fact_names(s, prefix, max, &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		if (queue_id_parse(names.v[i] + strlen(prefix), &ids[*n]) == 0)
			(*n)++;
	strlist_clear(&names);
	free(prefix);
	return rc;
}

int
waiting_forget(struct store *s, const char *key, uint64_t id, struct err *e)
{
	char *name = fact_name(key, id);
	int rc = store_fact_delete(s, name, e);

	free(name);
	return rc;
}

int
waiting_forget_message(
    struct store *s, const struct store_message *m, struct err *e)
{
	struct strlist readers = { NULL, 0 };
	struct store_rcpt *v = NULL;
	size_t i, n = 0;
	char *key;
	int rc;

	if (store_rcpts_get(s, m->id, &v, &n, e) == -1)
		return -1;
	waiting_readers(v, n, &readers);
	key = waiting_key(m, &readers);
	rc = waiting_forget(s, key, m->id, e);
	free(key);
	strlist_clear(&readers);
	for (i = 0; i < n; i++)
		store_rcpt_clear(&v[i]);
	free(v);
	return rc;
}

int
waiting_let_go(struct store *s, const char *key, uint64_t id, const char *note,
    int64_t now, struct err *e)
{
	const struct waiting w = { false, now };

	if (store_budget_add(s, key, now, 1, 0, e) == -1)
		return -1;
	return waiting_put(s, key, id, &w, note, e);
}

int
waiting_move(struct store *s, const char *from, const char *to, struct err *e)
{
	char *old = xasprintf("notice %s ", from);
	char *new = xasprintf("notice %s ", to);
	int rc = store_fact_rename(s, old, new, e);

	free(old);
	free(new);
	return rc;
}
