/* SPDX-License-Identifier: ISC */
/*
 * The reader of INI text.  It takes the text line by line into a struct conf
 * by way of the option table and notes every problem with its line.  Nothing
 * in the file is ever passed over in silence, and no value of an option that
 * is not known is shown: it may be a secret.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/conf_syntax.h"
#include "common/conf_value.h"
#include "common/nearest.h"
#include "common/xalloc.h"

#define LINE_MAX_LEN (64 * 1024)
#define PLACES_MAX   1000 /* accounts, or listeners */
#define NAME_MAX_LEN 64

#define BLANKS " \t"

struct reader {
	struct conf *c;
	enum conf_use use;
	struct conf_notes *notes;
	unsigned line;

	/* the section that lines belong to now */
	bool in_section, skip; /* skip: not read, or already complained of */
	enum conf_section section;
	size_t place; /* of several of its kind */

	/* the option whose value may go on in the next line */
	bool open;
	const struct conf_option *option; /* NULL: it was refused */
	size_t indent;
	unsigned option_line;
	struct buf value;
};

static struct conf_lines *
lines_of(struct reader *r)
{
	return conf_place_lines(r->c, r->section, r->place);
}

static void *
base_of(struct reader *r)
{
	return conf_place(r->c, r->section, r->place);
}

/* The value is whole: no more indented lines belong to it. */
static void
close_option(struct reader *r)
{
	const struct conf_option *o = r->option;
	const char *value = buf_data(&r->value);
	struct err e;

	if (r->open && o != NULL) {
		if (*value == '\0') {
			conf_note(r->notes, CONF_ERROR, r->option_line,
			    "%s has no value; leave the line out for the "
			    "default",
			    o->name);
			conf_set_default(o, base_of(r));
		} else if (conf_value_set(o, base_of(r), value, &e) == -1) {
			conf_note(r->notes, CONF_ERROR, r->option_line,
			    "%s: %s%s", o->name, e.text,
			    strchr(value, '#') == NULL
				? ""
				: " (a comment stands on a line of its own)");
			conf_set_default(o, base_of(r));
		}
	}
	r->open = false;
	r->option = NULL;
	buf_truncate(&r->value, 0);
}

/* ---- sections ---- */

static bool
is_named(enum conf_section s)
{
	return s == SECTION_ACCOUNT || s == SECTION_LISTEN;
}

static void
refuse_name(struct reader *r, const char *word, const char *name)
{
	const char *one = r->section == SECTION_ACCOUNT ? "an" : "a";

	if (*name == '\0')
		conf_note(r->notes, CONF_ERROR, r->line,
		    "a listener has a name: [%s NAME]", word);
	else
		conf_note(r->notes, CONF_ERROR, r->line,
		    "\"%s\" cannot name %s %s: letters, digits, \"-\" "
		    "and \".\", at most %d",
		    name, one,
		    r->section == SECTION_ACCOUNT ? word : "listener",
		    NAME_MAX_LEN);
	r->skip = true;
}

/* [account], [account NAME] or [listen NAME]: the one of that name. */
static void
enter_named(struct reader *r, const char *word, const char *name)
{
	size_t i, n = conf_places(r->c, r->section);

	if ((*name != '\0' || r->section != SECTION_ACCOUNT) &&
	    (!syntax_is_id(name) || strlen(name) > NAME_MAX_LEN)) {
		refuse_name(r, word, name);
		return;
	}
	for (i = 0; i < n; i++)
		if (strcmp(conf_place_name(r->c, r->section, i), name) == 0)
			break;
	if (i == PLACES_MAX) {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "there are more than %d %s", PLACES_MAX,
		    r->section == SECTION_ACCOUNT ? "accounts" : "listeners");
		r->skip = true;
		return;
	}
	if (i == n)
		conf_place_add(r->c, r->section, name, r->line);
	r->place = i;
}

static void
unknown_section(struct reader *r, const char *word)
{
	struct nearest near;
	size_t i;

	nearest_init(&near, word);
	for (i = 0; i < SECTIONS; i++)
		nearest_try(&near, conf_section_name((enum conf_section)i));
	if (near.best != NULL)
		conf_note(r->notes, CONF_ERROR, r->line,
		    "unknown section [%s]; did you mean [%s]?", word,
		    near.best);
	else
		conf_note(r->notes, CONF_ERROR, r->line,
		    "unknown section [%s]; there are [local], [queue], "
		    "[account], [listen NAME], [sandbox] and [log]",
		    word);
}

static bool
is_read(const struct reader *r)
{
	return r->use == CONF_FULL || r->section == SECTION_LOCAL ||
	       r->section == SECTION_QUEUE;
}

static void
enter_section(struct reader *r, const char *word, const char *name)
{
	size_t i;

	for (i = 0; i < SECTIONS; i++)
		if (strcmp(conf_section_name((enum conf_section)i), word) == 0)
			break;
	r->in_section = true;
	r->skip = true;
	r->place = 0;
	if (i == SECTIONS) {
		unknown_section(r, word);
		return;
	}
	r->section = (enum conf_section)i;
	if (!is_read(r))
		return;
	if (is_named(r->section)) {
		r->skip = false;
		enter_named(r, word, name);
	} else if (*name != '\0') {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "[%s] takes no name; only accounts and listeners have one",
		    word);
	} else {
		r->skip = false;
	}
}

/* "[word]" or "[word name]"; text begins at the bracket. */
static void
read_section(struct reader *r, char *text)
{
	size_t n = strlen(text);
	char *word = text + 1, *name;

	if (text[n - 1] != ']') {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "a section is written [name], with nothing behind it");
		r->in_section = r->skip = true;
		return;
	}
	do
		text[--n] = '\0';
	while (n > 1 && strchr(BLANKS, text[n - 1]) != NULL);
	word += strspn(word, BLANKS);
	name = word + strcspn(word, BLANKS);
	if (*name != '\0') {
		*name++ = '\0';
		name += strspn(name, BLANKS);
	}
	enter_section(r, word, name);
}

/* ---- options ---- */

/* Names kept for later versions (their section, then their own). */
static bool
is_reserved(enum conf_section s, const char *name)
{
	return s == SECTION_QUEUE &&
	       (strcmp(name, "collapse") == 0 || strcmp(name, "store") == 0);
}

/*
 * Says which option may have been meant: one of the same name elsewhere, or
 * the nearest one here.  The value is not shown: it may be a secret that
 * someone put behind "password".
 */
static void
unknown_option(struct reader *r, const char *name)
{
	const char *section = conf_section_name(r->section);
	struct nearest near;
	size_t i;

	if (is_reserved(r->section, name)) {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "%s.%s is reserved for a later version", section, name);
		return;
	}
	nearest_init(&near, name);
	near.distance = strlen(name); /* name one, however far off */
	for (i = 0; i < conf_noptions; i++) {
		if (strcmp(conf_options[i].name, name) == 0) {
			conf_note(r->notes, CONF_ERROR, r->line,
			    "unknown option \"%s\" in [%s]; it belongs to [%s]",
			    name, section,
			    conf_section_name(conf_options[i].section));
			return;
		}
		if (conf_options[i].section == r->section)
			nearest_try(&near, conf_options[i].name);
	}
	conf_note(r->notes, CONF_ERROR, r->line,
	    "unknown option \"%s\" in [%s]; the nearest is \"%s\"", name,
	    section, near.best == NULL ? "" : near.best);
}

static void
open_option(struct reader *r, const char *name, const char *value)
{
	const struct conf_option *o = conf_option_find(r->section, name);
	unsigned *line;

	if (o == NULL) {
		unknown_option(r, name);
		return;
	}
	line = &lines_of(r)->option[o - conf_options];
	if (*line != 0) {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "%s was set in line %u already", name, *line);
		return;
	}
	*line = r->line;
	r->option = o;
	buf_puts(&r->value, value);
}

/* What could be the name of an option, and is no secret, may be shown. */
static size_t
name_length(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	return n <= NAME_MAX_LEN ? n : 0;
}

static void
read_option(struct reader *r, char *text)
{
	size_t n = name_length(text);
	char *value = text + n + strspn(text + n, BLANKS);

	r->open = true;
	r->option_line = r->line;
	if (n == 0 || *value != '=') {
		conf_note(r->notes, CONF_ERROR, r->line,
		    "\"%.*s%s\" is neither [section] nor name = value", (int)n,
		    text, n == strlen(text) ? "" : "...");
		return;
	}
	*value++ = '\0';
	text[n] = '\0';
	value += strspn(value, BLANKS);
	if (!r->in_section)
		conf_note(r->notes, CONF_ERROR, r->line,
		    "\"%s\" stands before the first [section]", text);
	else
		open_option(r, text, value);
}

/*
 * A line indented deeper than the option before it continues that option's
 * list.  Returns whether the line was that; a wholly indented section stays
 * what it is.
 */
static bool
read_continuation(struct reader *r, const char *text)
{
	const char *equals = text + name_length(text);
	bool is_option = equals > text && equals[strspn(equals, BLANKS)] == '=';

	if (r->option == NULL)
		return !is_option;
	if (conf_value_is_list(r->option)) {
		char *name = xstrndup(text, (size_t)(equals - text));

		if (is_option && conf_option_find(r->section, name) != NULL)
			conf_note(r->notes, CONF_ERROR, r->line,
			    "\"%s\" is indented like an item of %s above; "
			    "begin it in the same column",
			    name, r->option->name);
		else if (buf_putc(&r->value, ' ') == -1 ||
			 buf_puts(&r->value, text) == -1)
			conf_note(r->notes, CONF_ERROR, r->line,
			    "the list is too long");
		free(name);
		return true;
	}
	if (!is_option)
		conf_note(r->notes, CONF_ERROR, r->line,
		    "%s takes one value; only a list goes on in an indented "
		    "line",
		    r->option->name);
	return !is_option;
}

static const char *
bad_bytes(const char *line, size_t n)
{
	size_t i;

	if (n > LINE_MAX_LEN)
		return "the line is longer than 64 KiB";
	for (i = 0; i < n; i++) {
		if (line[i] == '\0')
			return "the line holds a NUL byte";
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
		    line[i] == 0x7f)
			return "the line holds a control character";
	}
	return NULL;
}

static void
read_line(struct reader *r, char *line, size_t n)
{
	size_t indent;
	const char *bad;

	r->line++;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	while (
	    n > 0 && strchr(BLANKS, line[n - 1]) != NULL && line[n - 1] != '\0')
		n--;
	indent = 0;
	while (indent < n && (line[indent] == ' ' || line[indent] == '\t'))
		indent++;
	if (n > indent && (line[indent] == '#' || line[indent] == ';'))
		return;
	if ((bad = bad_bytes(line, n)) != NULL) {
		close_option(r);
		if (!r->skip)
			conf_note(r->notes, CONF_ERROR, r->line, "%s", bad);
		return;
	}
	line[n] = '\0';
	line += indent;
	if (*line != '\0' && r->open && indent > r->indent &&
	    read_continuation(r, line))
		return;
	close_option(r);
	r->indent = indent;
	if (*line == '[')
		read_section(r, line);
	else if (*line != '\0' && !r->skip)
		read_option(r, line);
}

void
conf_read(struct conf *c, const char *text, size_t n, enum conf_use use,
    struct conf_notes *notes)
{
	struct reader r = { .c = c, .use = use, .notes = notes };
	char *copy, *p, *end, *next;

	buf_init(&r.value, n + 1);
	/* An editor's byte order mark. */
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	copy = p = xmalloc(n + 1);
	memcpy(copy, text, n);
	end = copy + n;
	while (p < end) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (next == NULL)
			next = end;
		/* read_line puts a NUL where the line ends. */
		read_line(&r, p, (size_t)(next - p));
		p = next + 1;
	}
	close_option(&r);
	free(copy);
	buf_clear(&r.value);
}
