/* SPDX-License-Identifier: ISC */
/*
 * Editing of the configuration's text.  It is held as its lines, each with its
 * own end; an edit replaces, adds or takes away whole lines.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_edit.h"
#include "common/conf_table.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define BLANKS " \t"
#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-."
#define BYTE_MARK "\xef\xbb\xbf" /* an editor's */

enum kind {
	LINE_OTHER, /* blank, or a comment */
	LINE_WRONG, /* nothing that the reader takes */
	LINE_SECTION,
	LINE_OPTION,
	LINE_MORE /* goes on with the list above */
};

struct line {
	char *text; /* with its end, which the last may lack */
	size_t len;
	enum kind kind;
	size_t indent;
	char *name;  /* of a section or an option */
	char *value; /* of an option, or what is added to it */
};

struct conf_edit {
	bool has_mark;
	struct line *v;
	size_t n;
};

/* ---- reading ------------------------------------------------------------- */

static void
line_clear(struct line *l)
{
	free(l->text);
	free(l->name);
	free(l->value);
}

/* How much of the line is text: without its end, and blanks before that. */
static size_t
text_length(const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return n;
}

/* "[word name]" becomes "word name"; NULL when it is no such line. */
static char *
section_of(const char *p)
{
	size_t n = strlen(p), word;
	const char *name;

	if (p[n - 1] != ']')
		return NULL;
	p++;
	n -= 2;
	while (n > 0 && strchr(BLANKS, p[n - 1]) != NULL)
		n--;
	while (n > 0 && strchr(BLANKS, *p) != NULL) {
		p++;
		n--;
	}
	word = strcspn(p, BLANKS);
	if (word >= n)
		return xasprintf("%.*s", (int)n, p);
	name = p + word + strspn(p + word, BLANKS);
	return xasprintf(
	    "%.*s %.*s", (int)word, p, (int)(n - (size_t)(name - p)), name);
}

static enum conf_section
kind_of_section(const char *section)
{
	size_t i, n;

	for (i = 0; section != NULL && i < SECTIONS; i++) {
		n = strlen(conf_section_name((enum conf_section)i));
		if (strncmp(section, conf_section_name((enum conf_section)i),
			n) == 0 &&
		    (section[n] == '\0' || section[n] == ' '))
			return (enum conf_section)i;
	}
	return SECTIONS;
}

static bool
is_list(const char *section, const char *option)
{
	enum conf_section s = kind_of_section(section);
	const struct conf_option *o =
	    s == SECTIONS ? NULL : conf_option_find(s, option);

	return o != NULL && conf_value_is_list(o);
}

/* Takes the text of a line that is neither blank nor a comment apart. */
static void
look_at(struct line *l, const char *text, const char *section,
    const struct line *open)
{
	size_t n = strspn(text, NAME_CHARS);
	const char *equals = text + n + strspn(text + n, BLANKS);

	if (open != NULL && l->indent > open->indent &&
	    is_list(section, open->name)) {
		l->kind = LINE_MORE;
		l->value = xstrdup(text);
	} else if (*text == '[') {
		l->kind = LINE_SECTION;
		l->name = section_of(text);
	} else if (section != NULL && n > 0 && *equals == '=') {
		equals += 1 + strspn(equals + 1, BLANKS);
		l->kind = LINE_OPTION;
		l->name = xstrndup(text, n);
		l->value = xstrdup(equals);
	} else {
		l->kind = LINE_WRONG;
	}
}

/*
 * All lines anew: what one is depends on those above.  A comment does not end
 * a list, anything else does.
 */
static void
look(struct conf_edit *x)
{
	const struct line *open = NULL;
	const char *section = NULL;
	struct line *l;
	size_t i, n;
	char *text;

	for (i = 0; i < x->n; i++) {
		l = &x->v[i];
		free(l->name);
		free(l->value);
		l->name = l->value = NULL;
		l->kind = LINE_OTHER;
		n = text_length(l->text, l->len);
		for (l->indent = 0; l->indent < n; l->indent++)
			if (l->text[l->indent] != ' ' &&
			    l->text[l->indent] != '\t')
				break;
		if (l->indent < n && strchr("#;", l->text[l->indent]) != NULL &&
		    l->text[l->indent] != '\0')
			continue;
		text = xstrndup(l->text + l->indent, n - l->indent);
		if (*text != '\0')
			look_at(l, text, section, open);
		free(text);
		if (l->kind == LINE_SECTION)
			section = l->name;
		if (l->kind != LINE_MORE)
			open = l->kind == LINE_OPTION ? l : NULL;
	}
}

static void
insert(struct conf_edit *x, size_t at, const char *text, size_t n)
{
	x->v = xreallocarray(x->v, x->n + 1, sizeof(*x->v));
	memmove(&x->v[at + 1], &x->v[at], (x->n - at) * sizeof(*x->v));
	memset(&x->v[at], 0, sizeof(x->v[at]));
	x->v[at].text = xmalloc(n + 1);
	memcpy(x->v[at].text, text, n);
	x->v[at].text[n] = '\0';
	x->v[at].len = n;
	x->n++;
}

static void
take_away(struct conf_edit *x, size_t at)
{
	line_clear(&x->v[at]);
	x->n--;
	memmove(&x->v[at], &x->v[at + 1], (x->n - at) * sizeof(*x->v));
}

struct conf_edit *
conf_edit_new(const char *text, size_t n)
{
	struct conf_edit *x = xcalloc(1, sizeof(*x));
	const char *end;
	size_t len;

	if (n >= 3 && memcmp(text, BYTE_MARK, 3) == 0) {
		x->has_mark = true;
		text += 3;
		n -= 3;
	}
	while (n > 0) {
		end = memchr(text, '\n', n);
		len = end == NULL ? n : (size_t)(end - text) + 1;
		insert(x, x->n, text, len);
		text += len;
		n -= len;
	}
	look(x);
	return x;
}

void
conf_edit_free(struct conf_edit *x)
{
	if (x == NULL)
		return;
	while (x->n > 0)
		take_away(x, x->n - 1);
	free(x->v);
	free(x);
}

/* ---- finding ------------------------------------------------------------- */

/* The option's line from there on; x->n: there is none. */
static size_t
find(const struct conf_edit *x, const char *section, const char *option,
    size_t from)
{
	bool is_there = false;
	size_t i;

	for (i = 0; i < x->n; i++) {
		const struct line *l = &x->v[i];

		if (l->kind == LINE_SECTION)
			is_there =
			    l->name != NULL && strcmp(l->name, section) == 0;
		else if (is_there && i >= from && l->kind == LINE_OPTION &&
			 strcmp(l->name, option) == 0)
			return i;
	}
	return x->n;
}

/* Where an option of that section is added; x->n + 1: it has no section. */
static size_t
end_of(const struct conf_edit *x, const char *section)
{
	bool is_there = false;
	size_t i, at = x->n + 1;

	for (i = 0; i < x->n; i++) {
		const struct line *l = &x->v[i];

		if (l->kind == LINE_SECTION)
			is_there = at > x->n && l->name != NULL &&
				   strcmp(l->name, section) == 0;
		if (is_there && l->kind != LINE_OTHER)
			at = i + 1;
	}
	return at;
}

char *
conf_edit_get(
    const struct conf_edit *x, const char *section, const char *option)
{
	size_t i = find(x, section, option, 0);
	char *value, *more;

	if (i == x->n)
		return NULL;
	value = xstrdup(x->v[i].value);
	for (i++; i < x->n; i++) {
		if (x->v[i].kind == LINE_MORE) {
			more = xasprintf("%s%s%s", value,
			    *value == '\0' ? "" : " ", x->v[i].value);
			free(value);
			value = more;
		} else if (x->v[i].kind != LINE_OTHER)
			break;
	}
	return value;
}

/* ---- changing ------------------------------------------------------------ */

/* How this file's lines end. */
static const char *
end_of_line(const struct conf_edit *x)
{
	const struct line *l = x->v;
	bool has_cr;

	if (l == NULL || x->n == 0)
		return "\n";
	has_cr = l->len > 1 && l->text[l->len - 2] == '\r';
	return has_cr ? "\r\n" : "\n";
}

/* The file's last line may lack its end; nothing stands behind it then. */
static void
end_last_line(struct conf_edit *x)
{
	struct line *l;
	char *text;

	if (x->n == 0)
		return;
	l = &x->v[x->n - 1];
	if (l->len > 0 && l->text[l->len - 1] == '\n')
		return;
	text = xmalloc(l->len + 3);
	memcpy(text, l->text, l->len);
	strlcpy(text + l->len, end_of_line(x), 3);
	l->len += strlen(text + l->len);
	free(l->text);
	l->text = text;
}

static void
insert_option(struct conf_edit *x, size_t at, const struct line *like,
    const char *option, const char *value)
{
	char *text =
	    xasprintf("%.*s%s = %s%s", like == NULL ? 0 : (int)like->indent,
		like == NULL ? "" : like->text, option, value, end_of_line(x));

	insert(x, at, text, strlen(text));
	free(text);
}

/* The lines that go on with the option above them. */
static void
take_away_more(struct conf_edit *x, size_t at)
{
	while (at < x->n) {
		if (x->v[at].kind == LINE_MORE)
			take_away(x, at);
		else if (x->v[at].kind == LINE_OTHER)
			at++;
		else
			return;
	}
}

/*
 * Would a line below that one, since it is indented, go on with what stands
 * above it?  An empty line keeps them apart.
 */
static bool
is_in_danger(const struct conf_edit *x, size_t at)
{
	const struct line *l;

	for (at++; at < x->n; at++) {
		l = &x->v[at];
		if (l->kind != LINE_OTHER)
			return l->indent > 0;
		if (l->indent == text_length(l->text, l->len))
			return false;
	}
	return false;
}

static void
insert_empty(struct conf_edit *x, size_t at)
{
	insert(x, at, end_of_line(x), strlen(end_of_line(x)));
}

static void
remove_from(
    struct conf_edit *x, const char *section, const char *option, size_t from)
{
	size_t i;

	while ((i = find(x, section, option, from)) < x->n) {
		take_away_more(x, i + 1);
		if (is_in_danger(x, i))
			insert_empty(x, i + 1);
		take_away(x, i);
		look(x);
	}
}

void
conf_edit_remove(struct conf_edit *x, const char *section, const char *option)
{
	remove_from(x, section, option, 0);
}

static void
add(struct conf_edit *x, const char *section, const char *option,
    const char *value)
{
	size_t at = end_of(x, section);
	const struct line *above;
	char *text;

	end_last_line(x);
	if (at > x->n) {
		if (x->n > 0)
			insert_empty(x, x->n);
		text = xasprintf("[%s]%s", section, end_of_line(x));
		insert(x, x->n, text, strlen(text));
		free(text);
		insert_option(x, x->n, NULL, option, value);
		return;
	}
	/* A list's items are indented, and options are not. */
	for (above = &x->v[at - 1];
	     above->kind != LINE_OPTION && above->kind != LINE_SECTION;)
		above--;
	insert_option(x, at, above, option, value);
	if (is_in_danger(x, at))
		insert_empty(x, at + 1);
}

static bool
is_writable(const char *value)
{
	size_t n = strlen(value);
	const char *p;

	if (n == 0 || strchr(BLANKS, value[0]) != NULL ||
	    strchr(BLANKS, value[n - 1]) != NULL)
		return false;
	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

int
conf_edit_set(struct conf_edit *x, const char *section, const char *option,
    const char *value)
{
	size_t i = find(x, section, option, 0);
	char *now;

	if (!is_writable(value))
		return -1;
	now = conf_edit_get(x, section, option);
	if (now == NULL) {
		add(x, section, option, value);
		look(x);
		return 0;
	}
	if (strcmp(now, value) != 0) {
		end_last_line(x);
		take_away_more(x, i + 1);
		insert_option(x, i, &x->v[i], option, value);
		take_away(x, i + 1);
		look(x);
	}
	free(now);
	/* Given twice it is an error. */
	remove_from(x, section, option, i + 1);
	return 0;
}

int
conf_edit_put(const struct conf_edit *x, struct buf *b)
{
	size_t i;

	if (x->has_mark && buf_append(b, BYTE_MARK, 3) == -1)
		return -1;
	for (i = 0; i < x->n; i++)
		if (buf_append(b, x->v[i].text, x->v[i].len) == -1)
			return -1;
	return 0;
}
