/* SPDX-License-Identifier: ISC */
/*
 * Edits of a configuration's text.  Promises: without an edit it is the same
 * octet for octet; what was set is found again; and a file that is read without
 * an error means the same after an edit, but for the option that was edited.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/conf_edit.h"

#include "tests/fuzz/fuzz.h"

#define TEXT_MAX (4 << 20)

static const struct conf_host host = { "host", "example.com", "192.0.2.1" };

/* None of them says anything of another option. */
static const struct {
	const char *section, *option, *value;
} edits[] = { { "local", "admin", "it@example.com" },
	{ "account", "senders", "@a.example *@*.b.example" },
	{ "account", "linger", "7s" }, { "queue", "retry", "1m 2m" },
	{ "log", "level", "debug" } };
#define EDITS (sizeof(edits) / sizeof(edits[0]))

/* All options in force, but for one. */
struct listing {
	struct buf text;
	const char *section, *option;
	bool has_section;
};

static void
list_option(void *arg, const char *section, const char *name, const char *value,
    const char *origin)
{
	struct listing *l = arg;
	bool is_there = strcmp(section, l->section) == 0;

	(void)origin;
	l->has_section = l->has_section || is_there;
	if (!is_there || strcmp(name, l->option) != 0)
		buf_printf(&l->text, "%s.%s = %s\n", section, name, value);
}

/* False when the text has errors. */
static bool
list(const struct conf_edit *x, struct listing *l)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c;
	struct buf text;
	bool is_read;

	buf_init(&text, TEXT_MAX);
	assert(conf_edit_put(x, &text) == 0);
	c = conf_parse("fuzz", buf_data(&text), text.len, CONF_FULL, &host, &p);
	buf_init(&l->text, TEXT_MAX);
	is_read = c != NULL;
	if (is_read)
		conf_each(c, list_option, l);
	conf_free(c);
	buf_clear(&text);
	conf_problems_clear(&p);
	return is_read;
}

static void
is_still_the_same(const char *p, size_t n)
{
	struct conf_edit *x = conf_edit_new(p, n);
	struct buf b;

	buf_init(&b, TEXT_MAX);
	assert(conf_edit_put(x, &b) == 0);
	assert(b.len == n && memcmp(buf_data(&b), p, n) == 0);
	buf_clear(&b);
	conf_edit_free(x);
}

static void
others_are_as_before(const struct conf_edit *x, const struct listing *before)
{
	struct listing now = *before;

	assert(list(x, &now));
	assert(strcmp(buf_data(&now.text), buf_data(&before->text)) == 0);
	buf_clear(&now.text);
}

static void
edit(const char *p, size_t n, size_t which)
{
	struct conf_edit *x = conf_edit_new(p, n);
	struct listing before = { .section = edits[which].section,
		.option = edits[which].option };
	bool is_good = list(x, &before) && before.has_section;
	char *value;

	assert(conf_edit_set(
		   x, before.section, before.option, edits[which].value) == 0);
	value = conf_edit_get(x, before.section, before.option);
	assert(value != NULL && strcmp(value, edits[which].value) == 0);
	free(value);
	if (is_good)
		others_are_as_before(x, &before);
	conf_edit_remove(x, before.section, before.option);
	assert(conf_edit_get(x, before.section, before.option) == NULL);
	if (is_good)
		others_are_as_before(x, &before);
	conf_edit_free(x);
	x = conf_edit_new(p, n);
	conf_edit_remove(x, before.section, before.option);
	if (is_good)
		others_are_as_before(x, &before);
	conf_edit_free(x);
	buf_clear(&before.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t i;

	if (n > 65536)
		return 0;
	is_still_the_same((const char *)p, n);
	for (i = 0; i < EDITS; i++)
		edit((const char *)p, n, i);
	return 0;
}
