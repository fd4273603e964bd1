/* SPDX-License-Identifier: ISC */
/*
 * mailchute.conf(5) against the table of options: the words that each takes,
 * its bounds, and that it says what kind of value it is.  Names and defaults
 * are compared by tests/lint/options.sh.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "common/conf_table.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define MANUAL_MAX (256 * 1024)

static char *manual;

static int
read_manual(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf(
	    "%s/docs/%s", top == NULL ? "." : top, "mailchute.conf.5.in");
	FILE *f = fopen(path, "r");
	size_t n;

	(void)state;
	if (f == NULL)
		fail_msg("cannot read %s", path);
	manual = xmalloc(MANUAL_MAX);
	n = fread(manual, 1, MANUAL_MAX - 1, f);
	manual[n] = '\0';
	assert_true(n > 1000 && n < MANUAL_MAX - 1);
	fclose(f);
	free(path);
	return 0;
}

static int
free_manual(void **state)
{
	(void)state;
	free(manual);
	return 0;
}

/* What the manual says of an option, from its name to the next. */
static char *
item_of(const struct conf_option *o)
{
	char *head =
	    xasprintf(".Ss The [%s] section\n", conf_section_name(o->section));
	char *mark = xasprintf("\n.It Cm %s\n", o->name), *item = NULL;
	const char *at = strstr(manual, head), *end, *next;

	if (at != NULL)
		at = strstr(at, mark);
	if (at == NULL) {
		fail_msg("%s is not in the manual", o->name);
		abort(); /* for analysers: it has not come back */
	}
	at += strlen(mark) - 1;
	end = strstr(at, "\n.El\n");
	next = strstr(at, "\n.It Cm ");
	assert_non_null(end);
	if (next != NULL && next < end)
		end = next;
	item = xstrndup(at, (size_t)(end + 1 - at));
	free(head);
	free(mark);
	return item;
}

/* Each word of the table, set in the type of words. */
static void
words_are_in_the_manual(void **state)
{
	const struct conf_option *o = conf_options;
	const struct conf_word *w;
	char *item, *word;
	size_t n = 0;

	(void)state;
	for (; o < conf_options + conf_noptions; o++) {
		/* "yes" and "no" are told once, for all booleans. */
		if (o->words == NULL ||
		    (o->kind == VALUE_BOOL && strcmp(o->def, "yes") == 0))
			continue;
		item = item_of(o);
		for (w = o->words; w->name != NULL; w++, n++) {
			if (o->kind == VALUE_BOOL &&
			    (strcmp(w->name, "yes") == 0 ||
				strcmp(w->name, "no") == 0))
				continue;
			word = xasprintf("\n.Cm %s", w->name);
			if (strstr(item, word) == NULL)
				fail_msg("%s: the manual has no %s", o->name,
				    w->name);
			free(word);
		}
		free(item);
	}
	assert_true(n > 30);
}

/* What is set like a word of an option with words is one, or an option. */
static void
the_manual_has_no_other_words(void **state)
{
	const struct conf_option *o = conf_options, *other;
	const struct conf_word *w;
	char *item, *at;
	size_t len;
	bool known;

	(void)state;
	for (; o < conf_options + conf_noptions; o++) {
		if (o->words == NULL)
			continue;
		item = item_of(o);
		for (at = item; (at = strstr(at, "\n.Cm ")) != NULL;) {
			at += 5;
			len = strcspn(at, " \n");
			known = false;
			for (w = o->words; w->name != NULL; w++)
				known |= strlen(w->name) == len &&
					 strncmp(w->name, at, len) == 0;
			for (other = conf_options;
			     other < conf_options + conf_noptions; other++)
				known |= strlen(other->name) == len &&
					 strncmp(other->name, at, len) == 0;
			/* A provider, told of at options that depend on it. */
			known |= len == 4 && strncmp(at, "smtp", 4) == 0;
			if (!known)
				fail_msg("%s takes no \"%.*s\"", o->name,
				    (int)len, at);
		}
		free(item);
	}
}

static void
put_bound(const struct conf_option *o, uint64_t n, struct buf *b)
{
	if (o->kind == VALUE_DURATION || o->kind == VALUE_DURATIONS)
		conf_put_duration(b, (int64_t)n);
	else if (o->kind == VALUE_SIZE)
		conf_put_size(b, n);
	else
		buf_printf(b, "%llu", (unsigned long long)n);
}

static void
bounds_are_in_the_manual(void **state)
{
	const struct conf_option *o = conf_options;
	struct buf b;
	char *item, *at;
	size_t n = 0;

	(void)state;
	for (; o < conf_options + conf_noptions; o++) {
		item = item_of(o);
		at = strstr(item, "\nFrom ");
		if (o->max == 0 || o->kind == VALUE_RATE) {
			if (at != NULL)
				fail_msg("%s has no bounds", o->name);
			free(item);
			continue;
		}
		buf_init(&b, 200);
		buf_printf(&b, "\nFrom ");
		put_bound(o, o->min, &b);
		buf_printf(&b, " to ");
		put_bound(o, o->max, &b);
		buf_printf(&b, ".\n");
		if (strstr(item, buf_data(&b)) == NULL)
			fail_msg(
			    "%s: the manual has no%s", o->name, buf_data(&b));
		buf_clear(&b);
		free(item);
		n++;
	}
	assert_true(n >= 15);
}

/* What somebody must read who wants to know what to write. */
static void
kinds_are_in_the_manual(void **state)
{
	static const char *const words[VALUE_KINDS] = {
		[VALUE_HOSTNAME] = "name",
		[VALUE_ADDRESS] = "address",
		[VALUE_USER] = "user\0group",
		[VALUE_SECRET] = "file",
		[VALUE_DATE] = "day",
		[VALUE_RATE] = "rate",
		[VALUE_DOMAINS] = "list",
		[VALUE_USERS] = "list",
		[VALUE_HOSTS] = "list",
		[VALUE_PATTERNS] = "list",
		[VALUE_SENDERS] = "list",
		[VALUE_NETWORKS] = "list",
		[VALUE_IP] = "address",
		[VALUE_COMMAND] = "command",
		[VALUE_DURATIONS] = "list",
		[VALUE_HOSTPORT] = "host:port",
		[VALUE_ID] = "id",
	};
	const struct conf_option *o = conf_options;
	const char *word;
	char *item;

	(void)state;
	for (; o < conf_options + conf_noptions; o++) {
		if ((word = words[o->kind]) == NULL)
			continue;
		item = item_of(o);
		if (o->kind == VALUE_USER && strcmp(o->name, "user") != 0)
			word += strlen(word) + 1;
		if (strcasestr(item, word) == NULL)
			fail_msg("%s: the manual has no \"%s\"", o->name, word);
		free(item);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_in_the_manual),
		cmocka_unit_test(the_manual_has_no_other_words),
		cmocka_unit_test(bounds_are_in_the_manual),
		cmocka_unit_test(kinds_are_in_the_manual),
	};

	return cmocka_run_group_tests_name(
	    "conf_manual", tests, read_manual, free_manual);
}
