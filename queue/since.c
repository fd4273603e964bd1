/* SPDX-License-Identifier: ISC */
/*
 * Since when: facts that hold the instant at which a trouble of the whole queue
 * began, for as long as there is any of it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "queue/since.h"

#define OFF_SINCE "off_since"

/* NULL: of no interest. */
static const char *
fact_of(enum rcpt_state state)
{
	switch (state) {
	case RCPT_HELD:
		return "held_since";
	case RCPT_UNCERTAIN:
		return "uncertain_since";
	case RCPT_STAGING:
	case RCPT_QUEUED:
	case RCPT_ACTIVE:
	case RCPT_DELIVERED:
	case RCPT_FAILED:
	case RCPT_EXPIRED:
	case RCPT_REMOVED:
		break;
	}
	return NULL;
}

static int
put(struct store *s, const char *fact, int64_t at, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)at);
	return store_fact_put(s, fact, text, e);
}

static int
get(struct store *s, const char *fact, int64_t *at, struct err *e)
{
	const char *why;
	char *text = NULL;

	*at = 0;
	if (store_fact_get(s, fact, &text, e) == -1)
		return -1;
	if (text != NULL)
		*at = strtonum(text, 0, INT64_MAX, &why);
	free(text);
	return 0;
}

int
since_note(struct store *s, enum rcpt_state state, int64_t now, struct err *e)
{
	const char *fact = fact_of(state);
	struct store_totals t;

	if (fact == NULL)
		return 0;
	if (store_totals(s, &t, e) == -1)
		return -1;
	/* There was some before: it began with that. */
	if ((state == RCPT_HELD ? t.held : t.uncertain) > 0)
		return 0;
	return put(s, fact, now, e);
}

int
since_get(struct store *s, enum rcpt_state state, int64_t *since, struct err *e)
{
	return get(s, fact_of(state), since, e);
}

int
since_note_delivery(struct store *s, bool is_on, int64_t now, struct err *e)
{
	int64_t at;

	if (get(s, OFF_SINCE, &at, e) == -1)
		return -1;
	if ((at == 0) == is_on)
		return 0;
	if (store_begin(s, e) == -1)
		return -1;
	if (put(s, OFF_SINCE, is_on ? 0 : now, e) == -1) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, e);
}

int
since_get_off(struct store *s, int64_t *since, struct err *e)
{
	return get(s, OFF_SINCE, since, e);
}
