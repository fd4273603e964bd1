/* SPDX-License-Identifier: ISC */
/* Mail that waits for the same cause, under one heading. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "admin/groups.h"
#include "admin/text.h"
#include "common/buf.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/suffix.h"

#define CAUSE_STRINGS 5
#define CAUSE_TEXT    2
#define ROW_MAX       (64 * 1024) /* two addresses and a sender, escaped */
#define ID_MAX        16
#define INDENT        37 /* columns before "-> " */

struct group {
	char *cause[CAUSE_STRINGS]; /* state, status, text, meaning, fix */
	uint64_t code;
	int64_t since;
	struct buf rows;
	char first[ID_MAX], last[ID_MAX]; /* the messages of those rows */

	/* of all rows, printed or not */
	uint64_t n, messages, octets;
	int64_t oldest_at, next_at, last_at;
};

struct groups {
	FILE *to;
	int64_t now;
	size_t octets, octets_max;
	struct group v[GROUPS_MAX];
	size_t n;
	uint64_t rows;
	bool has_printed;
};

struct groups *
groups_new(FILE *to, int64_t now, size_t octets_max)
{
	struct groups *g = xcalloc(1, sizeof(*g));

	g->to = to;
	g->now = now;
	g->octets_max = octets_max;
	return g;
}

static void
group_clear(struct group *p)
{
	size_t i;

	for (i = 0; i < CAUSE_STRINGS; i++)
		free(p->cause[i]);
	buf_clear(&p->rows);
}

void
groups_free(struct groups *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->n; i++)
		group_clear(&g->v[i]);
	free(g);
}

/* ---- causes ---- */

static void
list_cause(const struct ctl_recipient *r, const char *out[CAUSE_STRINGS])
{
	size_t i;

	out[0] = r->state;
	out[1] = r->status;
	out[CAUSE_TEXT] = r->text;
	out[3] = r->meaning;
	out[4] = r->fix;
	for (i = 0; i < CAUSE_STRINGS; i++)
		if (out[i] == NULL)
			out[i] = "";
}

static bool
has_cause(const struct group *p, uint64_t code, int64_t since,
    const char *const *cause)
{
	size_t i;

	if (p->code != code || p->since != since)
		return false;
	for (i = 0; i < CAUSE_STRINGS; i++)
		if (i != CAUSE_TEXT && strcmp(p->cause[i], cause[i]) != 0)
			return false;
	/* A server's words, but for the time and the like behind them. */
	return suffix_same(p->cause[CAUSE_TEXT], cause[CAUSE_TEXT]);
}

static struct group *
find_group(struct groups *g, const struct ctl_recipient *r)
{
	const char *cause[CAUSE_STRINGS];
	struct group *p;
	size_t i;

	list_cause(r, cause);
	for (i = 0; i < g->n; i++)
		if (has_cause(&g->v[i], r->code, r->since, cause))
			return &g->v[i];
	if (g->n == GROUPS_MAX)
		groups_print(g);
	p = &g->v[g->n++];
	memset(p, 0, sizeof(*p));
	for (i = 0; i < CAUSE_STRINGS; i++)
		p->cause[i] = xstrdup(cause[i]);
	p->code = r->code;
	p->since = r->since;
	buf_init(&p->rows, g->octets_max + ROW_MAX);
	return p;
}

/* ---- rows ---- */

static void
put_head(const struct groups *g, struct buf *b, const struct ctl_message *m,
    const struct ctl_recipient *r)
{
	char age[TEXT_SHORT], size[TEXT_SHORT], next[TEXT_SHORT];

	text_age(g->now - m->arrived_at, age);
	text_size(m->size, size);
	text_next(r->next_at, g->now, next);
	buf_printf(b, "  %-12s %5s %6s %7s  ", m->id, age, size, next);
	utf8_put_safe(b, *m->sender == '\0' ? "<>" : m->sender);
	buf_puts(b, " -> ");
}

static void
count(
    struct group *p, const struct ctl_message *m, const struct ctl_recipient *r)
{
	if (p->n == 0) {
		strlcpy(p->first, m->id, sizeof(p->first));
		p->oldest_at = m->arrived_at;
		p->next_at = p->last_at = r->next_at;
	}
	if (p->n == 0 || strcmp(p->last, m->id) != 0) {
		p->messages++;
		p->octets += m->size;
	}
	if (m->arrived_at < p->oldest_at)
		p->oldest_at = m->arrived_at;
	if (r->next_at < p->next_at)
		p->next_at = r->next_at;
	if (r->next_at > p->last_at)
		p->last_at = r->next_at;
	p->n++;
}

void
groups_add(struct groups *g, const struct ctl_message *m,
    const struct ctl_recipient *r)
{
	struct group *p = find_group(g, r);
	bool is_another = strcmp(p->last, m->id) != 0;
	size_t before = p->rows.len;

	count(p, m, r);
	strlcpy(p->last, m->id, sizeof(p->last));
	g->rows++;
	if (p->n > GROUPS_LISTED)
		return;
	if (is_another)
		put_head(g, &p->rows, m, r);
	else
		buf_printf(&p->rows, "%*s-> ", INDENT, "");
	utf8_put_safe(&p->rows, r->address);
	if (r->original != NULL && strcmp(r->original, r->address) != 0) {
		buf_puts(&p->rows, " (for ");
		utf8_put_safe(&p->rows, r->original);
		buf_puts(&p->rows, ")");
	}
	buf_puts(&p->rows, "\n");
	g->octets += p->rows.len - before;
	if (g->octets >= g->octets_max)
		groups_print(g);
}

/* ---- printing ---- */

/* In place of rows that say all the same. */
static void
print_many(const struct groups *g, const struct group *p)
{
	char size[TEXT_SHORT], age[TEXT_SHORT], next[TEXT_SHORT];

	text_size(p->octets, size);
	text_age(g->now - p->oldest_at, age);
	fprintf(g->to, "  %-8s%s to %s, %s", "which", p->first, p->last, size);
	if (p->n > p->messages)
		fprintf(
		    g->to, ", to %llu recipients", (unsigned long long)p->n);
	fprintf(g->to, "; the oldest is %s old; mailq lists each\n", age);
	text_next(p->next_at, g->now, next);
	fprintf(g->to, "  %-8s%s", "next", next);
	text_next(p->last_at, g->now, next);
	if (p->last_at > g->now && p->last_at != p->next_at)
		fprintf(g->to, ", the last %s", next);
	fputc('\n', g->to);
}

static void
print_heading(const struct groups *g, const struct group *p)
{
	char when[TEXT_TIME], age[TEXT_SHORT];
	const char *state = p->cause[0], *text = p->cause[CAUSE_TEXT];

	text_put(g->to, state);
	if (p->n > GROUPS_LISTED)
		fprintf(g->to, ", %llu message%s",
		    (unsigned long long)p->messages,
		    p->messages == 1 ? "" : "s");
	if (p->code != 0 || *text != '\0') {
		fputs(": ", g->to);
		text_put_reply(g->to, p->code, p->cause[1], text);
	}
	fputc('\n', g->to);
	text_put_para(g->to, 2, "means", p->cause[3]);
	text_put_para(g->to, 2, "do", p->cause[4]);
	if (p->since != 0) {
		text_local_time(p->since, when);
		text_age(g->now - p->since, age);
		fprintf(g->to, "  %-8s%s (%s ago)\n", "since", when, age);
	}
	if (p->n > GROUPS_LISTED) {
		print_many(g, p);
		return;
	}
	fprintf(g->to, "  %-12s %5s %6s %7s  %s\n", "ID", "AGE", "SIZE", "NEXT",
	    "FROM -> TO");
}

uint64_t
groups_print(struct groups *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->has_printed)
			fputc('\n', g->to);
		g->has_printed = true;
		print_heading(g, &g->v[i]);
		if (g->v[i].n <= GROUPS_LISTED)
			fwrite(buf_data(&g->v[i].rows), 1, g->v[i].rows.len,
			    g->to);
		group_clear(&g->v[i]);
	}
	g->n = 0;
	g->octets = 0;
	return g->rows;
}

void
groups_print_totals(
    FILE *to, const struct ctl_totals *t, int64_t now, bool has_rows)
{
	char size[TEXT_SHORT], age[TEXT_SHORT];

	if (has_rows)
		fputc('\n', to);
	if (t->messages == 0) {
		fprintf(to, "The queue is empty.\n");
	} else {
		text_size(t->octets, size);
		text_age(now - t->oldest_at, age);
		if (t->own_only && !has_rows)
			fprintf(to, "None of your messages waits.\n");
		fprintf(to, "%s%llu message%s of %s",
		    t->own_only ? "The whole queue: " : "",
		    (unsigned long long)t->messages,
		    t->messages == 1 ? "" : "s", size);
		if (t->held > 0)
			fprintf(to, ", %llu held", (unsigned long long)t->held);
		if (t->uncertain > 0)
			fprintf(to, ", %llu uncertain",
			    (unsigned long long)t->uncertain);
		fprintf(to,
		    t->oldest_at == 0 ? ".\n" : "; the oldest is %s old.\n",
		    age);
	}
	if (t->paused)
		fprintf(to,
		    "Delivery is paused; \"mailchute resume\" ends that.\n");
	if (t->delivery_off)
		fprintf(to, "Delivery is off (queue.delivery = off).\n");
	if (t->no_daemon)
		fprintf(to,
		    "mailchuted is not running; nothing goes out until it "
		    "is.\n");
}
