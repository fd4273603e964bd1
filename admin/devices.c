/* SPDX-License-Identifier: ISC */
/*
 * "mailchute devices": who sends by the listeners, and who of them still uses
 * no TLS or an old one.  The last line is what an administrator is asked for.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/xalloc.h"

#define ROWS_MAX  100000 /* more than mailchuted keeps */
#define WIDTH_MAX 40     /* of a column */

enum column {
	COL_ADDRESS,
	COL_NAME,
	COL_LISTENER,
	COL_LOGIN,
	COL_TLS,
	COL_FIRST,
	COL_LAST,
	COL_SENT,
	COL_REFUSED,
	COLUMNS
};

static const char *const titles[COLUMNS] = { "ADDRESS", "NAME", "LISTENER",
	"LOGIN", "TLS", "FIRST", "LAST", "SENT", "REFUSED" };

struct listing {
	bool json, only_old;
	int64_t now;
	struct ctl_device *v;
	size_t n;
	size_t total, nold, nsilent; /* silent: never sent a message */
};

/* The texts of a row; what is borrowed and what was made, alike. */
struct cells {
	const char *v[COLUMNS];
	char tls[80], first[TEXT_SHORT], last[TEXT_SHORT], sent[24],
	    refused[24];
};

static json_t *
text_or_null(const char *s)
{
	return s[0] == '\0' ? json_null() : json_text(s);
}

static void
put_json(const struct ctl_device *d)
{
	json_t *o = json_object();

	json_object_set_new(o, "listener", json_text(d->listener));
	json_object_set_new(o, "address", json_text(d->address));
	json_object_set_new(o, "login", text_or_null(d->login));
	json_object_set_new(o, "name", text_or_null(d->name));
	json_object_set_new(o, "tls", text_or_null(d->tls));
	json_object_set_new(o, "cipher", text_or_null(d->cipher));
	json_object_set_new(o, "old", json_boolean(d->is_old));
	json_object_set_new(o, "old_at", json_time(d->old_at));
	json_object_set_new(o, "first_at", json_time(d->first_at));
	json_object_set_new(o, "last_at", json_time(d->last_at));
	json_object_set_new(
	    o, "messages", json_integer((json_int_t)d->messages));
	json_object_set_new(
	    o, "failures", json_integer((json_int_t)d->failures));
	json_object_set_new(o, "error", text_or_null(d->error));
	json_object_set_new(o, "error_at", json_time(d->error_at));
	json_put_line(stdout, o);
}

static int
take_row(void *arg, const struct frame *f, struct err *e)
{
	struct listing *l = arg;
	struct ctl_device d;

	if (f->type != CTL_DEVICE)
		return 0;
	if (ctl_get_device(f, &d, e) == -1)
		return -1;
	l->total++;
	l->nold += d.is_old;
	l->nsilent += d.messages == 0 && !d.is_old;
	if (l->only_old && !d.is_old) {
		ctl_device_clear(&d);
	} else if (l->json) {
		put_json(&d);
		ctl_device_clear(&d);
	} else if (l->n == ROWS_MAX) {
		ctl_device_clear(&d);
	} else {
		l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = d;
	}
	return 0;
}

/* ---- for people ---- */

static void
put_ago(int64_t at, int64_t now, char out[TEXT_SHORT])
{
	text_age(now > at ? now - at : 0, out);
}

/* In which TLS its last message came, if one did. */
static void
put_tls(const struct ctl_device *d, char *out, size_t size)
{
	const char *tls = d->tls[0] != '\0' ? d->tls : "none";

	if (d->messages == 0 && d->tls[0] == '\0')
		tls = "-";
	snprintf(out, size, "%s%s", tls, d->is_old ? ", old" : "");
}

static void
make_cells(const struct listing *l, const struct ctl_device *d, struct cells *c)
{
	put_tls(d, c->tls, sizeof(c->tls));
	put_ago(d->first_at, l->now, c->first);
	put_ago(d->last_at, l->now, c->last);
	snprintf(
	    c->sent, sizeof(c->sent), "%llu", (unsigned long long)d->messages);
	snprintf(c->refused, sizeof(c->refused), "%llu",
	    (unsigned long long)d->failures);
	c->v[COL_ADDRESS] = d->address;
	c->v[COL_NAME] = d->name[0] == '\0' ? "-" : d->name;
	c->v[COL_LISTENER] = d->listener;
	c->v[COL_LOGIN] = d->login[0] == '\0' ? "-" : d->login;
	c->v[COL_TLS] = c->tls;
	c->v[COL_FIRST] = c->first;
	c->v[COL_LAST] = c->last;
	c->v[COL_SENT] = c->sent;
	c->v[COL_REFUSED] = c->refused;
}

static void
widen(size_t width[COLUMNS], const char *const cells[COLUMNS])
{
	size_t i, n;

	for (i = 0; i < COLUMNS; i++) {
		n = strlen(cells[i]);
		if (n > WIDTH_MAX)
			n = WIDTH_MAX;
		if (n > width[i])
			width[i] = n;
	}
}

/* What is too long for its column moves the others; nothing is cut. */
static void
put_line(const char *const cells[COLUMNS], const size_t width[COLUMNS])
{
	size_t i, n;

	for (i = 0; i < COLUMNS; i++) {
		text_put(stdout, cells[i]);
		if (i == COLUMNS - 1)
			break;
		for (n = strlen(cells[i]); n < width[i]; n++)
			putchar(' ');
		fputs("  ", stdout);
	}
	putchar('\n');
}

static void
put_error(const struct listing *l, const struct ctl_device *d)
{
	char ago[TEXT_SHORT], label[TEXT_SHORT + 24];

	if (d->error_at == 0)
		return;
	put_ago(d->error_at, l->now, ago);
	snprintf(label, sizeof(label), "refused %s ago: ", ago);
	fputs("    ", stdout);
	fputs(label, stdout);
	text_put(stdout, d->error);
	putchar('\n');
}

static void
put_table(const struct listing *l)
{
	size_t width[COLUMNS] = { 0 }, i;
	struct cells c;

	widen(width, titles);
	for (i = 0; i < l->n; i++) {
		make_cells(l, &l->v[i], &c);
		widen(width, c.v);
	}
	if (l->n > 0)
		put_line(titles, width);
	for (i = 0; i < l->n; i++) {
		make_cells(l, &l->v[i], &c);
		put_line(c.v, width);
		put_error(l, &l->v[i]);
	}
}

static void
put_summary(const struct listing *l)
{
	size_t known = l->total - l->nsilent;

	if (l->total == 0) {
		puts("Nobody has sent by a listener.");
		return;
	}
	if (known > 0)
		printf("%zu of %zu devices still use%s no TLS or one below 1.2"
		       "%s",
		    l->nold, known, l->nold == 1 ? "s" : "",
		    l->nsilent > 0 ? "; " : "");
	if (l->nsilent > 0)
		printf("%zu %snever sent a message", l->nsilent,
		    known > 0 ? "more " : "");
	putchar('\n');
}

int
run_devices(const struct args *a, const struct conf *c)
{
	struct listing l = {
		.json = a->json, .only_old = a->old, .now = clock_wall()
	};
	size_t i;
	int status;

	status = ask(a, c, CTL_DEVICES, take_row, &l);
	if (!a->json && status == 0) {
		put_table(&l);
		put_summary(&l);
	}
	for (i = 0; i < l.n; i++)
		ctl_device_clear(&l.v[i]);
	free(l.v);
	return status;
}
