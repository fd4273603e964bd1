/* SPDX-License-Identifier: ISC */
/*
 * "mailchute queue": what waits, and why.  Rows are printed as they come, and
 * of those before only the last cause is kept: a listing of a million messages
 * takes no more memory than one of ten.  Neighbours that wait for the same
 * cause stand under one heading.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"

struct listing {
	bool json;
	int64_t now;
	bool has_message; /* m is the message that rows belong to */
	struct ctl_message m;
	json_t *object;             /* of m */
	struct ctl_recipient cause; /* of the heading above; no address */
	bool has_cause;
	bool is_named; /* a row of this heading shows m already */
	uint64_t rows;
	bool has_totals;
	struct ctl_totals totals;
};

static bool
is_same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool
is_same_cause(const struct ctl_recipient *a, const struct ctl_recipient *b)
{
	return a->code == b->code && is_same(a->state, b->state) &&
	       is_same(a->status, b->status) && is_same(a->text, b->text) &&
	       is_same(a->meaning, b->meaning) && is_same(a->fix, b->fix);
}

/* Nothing more will happen to it; mailq does not list it either. */
static bool
is_over(const char *state)
{
	return is_same(state, "delivered") || is_same(state, "failed") ||
	       is_same(state, "expired") || is_same(state, "removed");
}

static void
print_heading(const struct ctl_recipient *r)
{
	text_put(stdout, r->state);
	if (r->code != 0 || (r->text != NULL && *r->text != '\0')) {
		fputs(": ", stdout);
		text_put_reply(stdout, r->code, r->status, r->text);
	}
	putchar('\n');
	text_put_para(stdout, 2, "means", r->meaning);
	text_put_para(stdout, 2, "do", r->fix);
	printf("  %-12s %5s %6s %7s  %s\n", "ID", "AGE", "SIZE", "NEXT",
	    "FROM -> TO");
}

/* The heading's row takes over the strings of r, but for the address. */
static void
change_cause(struct listing *l, struct ctl_recipient *r)
{
	if (l->has_cause && is_same_cause(&l->cause, r))
		return;
	if (l->has_cause)
		putchar('\n');
	print_heading(r);
	ctl_recipient_clear(&l->cause);
	l->cause = *r;
	r->state = r->status = r->text = r->meaning = r->fix = NULL;
	l->cause.address = l->cause.original = NULL;
	l->has_cause = true;
	l->is_named = false;
}

static void
print_row(struct listing *l, struct ctl_recipient *r)
{
	char age[TEXT_SHORT], size[TEXT_SHORT], next[TEXT_SHORT];

	change_cause(l, r);
	if (l->is_named) {
		printf("  %35s-> ", "");
	} else {
		text_age(l->now - l->m.arrived_at, age);
		text_size(l->m.size, size);
		text_next(r->next_at, l->now, next);
		printf("  %-12s %5s %6s %7s  ", l->m.id, age, size, next);
		text_put(stdout, *l->m.sender == '\0' ? "<>" : l->m.sender);
		fputs(" -> ", stdout);
	}
	text_put(stdout, r->address);
	if (r->original != NULL && !is_same(r->original, r->address)) {
		fputs(" (for ", stdout);
		text_put(stdout, r->original);
		fputc(')', stdout);
	}
	putchar('\n');
	l->is_named = true;
	l->rows++;
}

static void
end_message(struct listing *l)
{
	if (l->object != NULL)
		json_put_line(stdout, l->object);
	l->object = NULL;
	ctl_message_clear(&l->m);
	l->has_message = false;
	l->is_named = false;
}

static int
take_message(struct listing *l, const struct frame *f, struct err *e)
{
	end_message(l);
	if (ctl_get_message(f, &l->m, e) == -1)
		return -1;
	l->has_message = true;
	if (l->json)
		l->object = json_message(&l->m);
	return 0;
}

static int
take_recipient(struct listing *l, const struct frame *f, struct err *e)
{
	struct ctl_recipient r;

	if (ctl_get_recipient(f, &r, e) == -1)
		return -1;
	if (!l->has_message) {
		ctl_recipient_clear(&r);
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "mailchuted sent a recipient without its message");
	}
	if (l->json)
		json_add_recipient(l->object, &r, l->now);
	else if (!is_over(r.state))
		print_row(l, &r);
	ctl_recipient_clear(&r);
	return 0;
}

static int
take_row(void *arg, const struct frame *f, struct err *e)
{
	struct listing *l = arg;

	switch (f->type) {
	case CTL_MESSAGE:
		return take_message(l, f, e);
	case CTL_RECIPIENT:
		return take_recipient(l, f, e);
	case CTL_TOTALS:
		end_message(l);
		ctl_totals_clear(&l->totals);
		if (ctl_get_totals(f, &l->totals, e) == -1)
			return -1;
		l->has_totals = true;
		return 0;
	default:
		return 0;
	}
}

static void
print_totals(const struct listing *l)
{
	const struct ctl_totals *t = &l->totals;
	char size[TEXT_SHORT], age[TEXT_SHORT];

	if (l->rows > 0)
		putchar('\n');
	if (t->messages == 0) {
		printf("The queue is empty.\n");
	} else {
		text_size(t->octets, size);
		text_age(l->now - t->oldest_at, age);
		if (t->own_only && l->rows == 0)
			printf("None of your messages waits.\n");
		printf("%s%llu message%s of %s",
		    t->own_only ? "The whole queue: " : "",
		    (unsigned long long)t->messages,
		    t->messages == 1 ? "" : "s", size);
		if (t->held > 0)
			printf(", %llu held", (unsigned long long)t->held);
		if (t->uncertain > 0)
			printf(", %llu uncertain",
			    (unsigned long long)t->uncertain);
		printf(t->oldest_at == 0 ? ".\n" : "; the oldest is %s old.\n",
		    age);
	}
	if (t->paused)
		printf("Delivery is paused; \"mailchute resume\" ends that.\n");
	if (t->delivery_off)
		printf("Delivery is off (queue.delivery = off).\n");
	if (t->no_daemon)
		printf("mailchuted is not running; nothing goes out until it "
		       "is.\n");
}

int
run_queue(const struct args *a, const struct conf *c)
{
	struct listing l = { .json = a->json, .now = clock_wall() };
	int status;

	status = ask(a, c, CTL_LIST, take_row, &l);
	/* After an error the last one is not whole. */
	json_decref(l.object);
	l.object = NULL;
	end_message(&l);
	if (!l.json && l.has_totals)
		print_totals(&l);
	ctl_totals_clear(&l.totals);
	ctl_recipient_clear(&l.cause);
	return status;
}
