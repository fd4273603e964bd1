/* SPDX-License-Identifier: ISC */
/*
 * "mailchute queue": what waits, and why.  For people, equal causes stand under
 * one heading (admin/groups.c); as JSON each message is printed as it comes.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/groups.h"
#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/clock.h"

struct listing {
	bool json;
	int64_t now;
	bool has_message; /* m is the message that rows belong to */
	struct ctl_message m;
	json_t *object; /* of m */
	struct groups *groups;
	uint64_t rows;
	bool has_totals;
	struct ctl_totals totals;
};

static bool
is_same(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* Nothing more will happen to it; mailq does not list it either. */
static bool
is_over(const char *state)
{
	return is_same(state, "delivered") || is_same(state, "failed") ||
	       is_same(state, "expired") || is_same(state, "removed");
}

static void
end_message(struct listing *l)
{
	if (l->object != NULL)
		json_put_line(stdout, l->object);
	l->object = NULL;
	ctl_message_clear(&l->m);
	l->has_message = false;
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
		groups_add(l->groups, &l->m, &r);
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

int
run_queue(const struct args *a, const struct conf *c)
{
	struct listing l = { .json = a->json, .now = clock_wall() };
	int status;

	l.groups = groups_new(stdout, l.now, GROUPS_OCTETS_MAX);
	status = ask(a, c, CTL_LIST, take_row, &l);
	l.rows = groups_print(l.groups);
	/* After an error the last one is not whole. */
	json_decref(l.object);
	l.object = NULL;
	end_message(&l);
	if (!l.json && l.has_totals)
		groups_print_totals(stdout, &l.totals, l.now, l.rows > 0);
	ctl_totals_clear(&l.totals);
	groups_free(l.groups);
	return status;
}
