/* SPDX-License-Identifier: ISC */
/*
 * The configuration in force, as "mailchute config" prints it.  Secrets are
 * not in a configuration: it names the files and commands that hold them.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define VALUE_MAX (2 * 1024 * 1024) /* quoting may double a long list */

struct showing {
	const struct conf *c;
	conf_show *show;
	void *arg;
	struct buf value;
};

static void
show_option(struct showing *s, size_t i, const char *section, const void *base,
    unsigned line)
{
	char *origin;

	buf_truncate(&s->value, 0);
	if (!conf_value_put(&conf_options[i], base, &s->value))
		return;
	origin = line == 0 ? xstrdup("default")
			   : xasprintf("%s:%u", s->c->path, line);
	s->show(
	    s->arg, section, conf_options[i].name, buf_data(&s->value), origin);
	free(origin);
}

static void
show_place(struct showing *s, enum conf_section section, size_t place)
{
	const char *word = conf_section_name(section);
	const char *name = conf_place_name(s->c, section, place);
	char *title =
	    *name == '\0' ? xstrdup(word) : xasprintf("%s %s", word, name);
	size_t i;

	for (i = 0; i < conf_noptions; i++)
		if (conf_options[i].section == section)
			show_option(s, i, title,
			    conf_place_const(s->c, section, place),
			    conf_place_lines(s->c, section, place)->option[i]);
	free(title);
}

void
conf_each(const struct conf *c, conf_show *show, void *arg)
{
	struct showing s = { .c = c, .show = show, .arg = arg };
	enum conf_section section;
	size_t i, j;

	buf_init(&s.value, VALUE_MAX);
	/* The rows of a section stand together. */
	for (i = 0; i < conf_noptions; i++) {
		section = conf_options[i].section;
		if (i > 0 && conf_options[i - 1].section == section)
			continue;
		for (j = 0; j < conf_places(c, section); j++)
			show_place(&s, section, j);
	}
	buf_clear(&s.value);
}

static bool
is_shown_alike(
    const struct conf_option *o, const struct conf *a, const struct conf *b)
{
	struct buf left, right;
	bool alike;

	buf_init(&left, VALUE_MAX);
	buf_init(&right, VALUE_MAX);
	alike = conf_value_put(o, a, &left) == conf_value_put(o, b, &right) &&
		strcmp(buf_data(&left), buf_data(&right)) == 0;
	buf_clear(&left);
	buf_clear(&right);
	return alike;
}

char *
conf_restart_option(const struct conf *now, const struct conf *next)
{
	const struct conf_option *o;

	for (o = conf_options; o < conf_options + conf_noptions; o++)
		if ((o->flags & OPTION_RESTART) != 0 &&
		    !is_shown_alike(o, now, next))
			return xasprintf(
			    "%s.%s", conf_section_name(o->section), o->name);
	return NULL;
}
