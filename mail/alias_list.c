/* SPDX-License-Identifier: ISC */
/*
 * Lists of aliases' targets.  Commands, files and lists to include have forms
 * of their own and are told by their first character; all else is left to the
 * reader of addresses.  Nothing is opened or run here, or anywhere else.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias_list.h"
#include "mail/chars.h"

#define INCLUDE ":include:"

void
alias_items_clear(struct alias_items *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].text);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

/* ---- quotes ---- */

/* Octets of the quoted string at p, with its quotes; 0 when it never ends. */
static size_t
quoted_length(const char *p, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (p[i] == '\\' && i + 1 < n)
			i++;
		else if (p[i] == '"')
			return i + 1;
	}
	return 0;
}

char *
alias_unquote(const char *p, size_t n)
{
	char *out = xmalloc(n + 1);
	size_t i, len = 0;

	if (n == 0 || p[0] != '"' || quoted_length(p, n) != n) {
		memcpy(out, p, n);
		out[n] = '\0';
		return out;
	}
	for (i = 1; i < n - 1; i++) {
		if (p[i] == '\\')
			i++;
		out[len++] = p[i];
	}
	out[len] = '\0';
	return out;
}

/* ---- one item ---- */

static void
add_item(struct alias_items *out, enum alias_item_kind kind, const char *text)
{
	/* Doubled whenever the count is a power of two. */
	if ((out->n & (out->n - 1)) == 0)
		out->v = xreallocarray(
		    out->v, out->n == 0 ? 1 : out->n * 2, sizeof(*out->v));
	out->v[out->n].kind = kind;
	out->v[out->n++].text = xstrdup(text);
}

static void
add_bad(struct strlist *bad, const char *text, const char *why)
{
	char *sentence, *p;

	if (bad == NULL)
		return;
	sentence = xasprintf("\"%.80s\" %s", text, why);
	for (p = sentence; *p != '\0'; p++)
		if (char_is_control(*p))
			*p = '?';
	strlist_add(bad, sentence);
	free(sentence);
}

static void
take_command(const char *text, struct alias_items *out, struct strlist *bad)
{
	char *command = alias_unquote(text, strlen(text));

	if (command[strspn(command, " \t")] == '\0')
		add_bad(bad, text, "names no command");
	else
		add_item(out, ITEM_COMMAND, command);
	free(command);
}

static void
take_include(const char *path, struct alias_items *out, struct strlist *bad)
{
	path += strspn(path, " \t");
	if (path[0] != '/')
		add_bad(bad, path, "is no absolute path of a list to include");
	else
		add_item(out, ITEM_INCLUDE, path);
}

/* Colons make a group of addresses, which nobody means in an alias file. */
static bool
has_colon(const char *p)
{
	bool quoted = false, bracketed = false;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '[' || *p == ']')
			bracketed = *p == '[';
		else if (*p == ':' && !quoted && !bracketed)
			return true;
	}
	return false;
}

static void
take_address(const char *address, struct alias_items *out, struct strlist *bad)
{
	struct err e;
	char *name;

	if (addr_check(address, "5.1.3", NULL, &e) == -1) {
		if (bad != NULL)
			strlist_add(bad, e.text);
		return;
	}
	if (addr_domain(address) != NULL) {
		add_item(out, ITEM_ADDRESS, address);
		return;
	}
	name = address[0] == '\\' ? xstrdup(address + 1)
				  : alias_unquote(address, strlen(address));
	add_item(out, address[0] == '\\' ? ITEM_FINAL : ITEM_NAME, name);
	free(name);
}

static void
take_addresses(const char *text, struct alias_items *out, struct strlist *bad)
{
	struct mailboxes m;
	size_t i;

	if (has_colon(text)) {
		add_bad(bad, text,
		    text[0] == ':' ? "is no kind of target that is known"
				   : "holds a colon: if it is an alias of its "
				     "own, no blank may stand before it");
		return;
	}
	mailboxes_parse(text, strlen(text), &m);
	for (i = 0; i < m.n; i++)
		take_address(m.v[i].address, out, bad);
	for (i = 0; i < m.bad.n; i++)
		add_bad(bad, m.bad.v[i], "is no address");
	mailboxes_clear(&m);
}

/* A file, unless "/" is only how an address begins: "/g=joe/@x400.example". */
static bool
is_file(const char *text)
{
	return text[0] == '/' &&
	       (addr_domain(text) == NULL ||
		   addr_check(text, "5.1.3", NULL, NULL) == -1);
}

/* p is one element between commas, without blanks around it. */
static void
take_element(
    const char *p, size_t n, struct alias_items *out, struct strlist *bad)
{
	char *whole = xstrndup(p, n), *text = alias_unquote(p, n);

	if (text[0] == '|')
		take_command(text + 1, out, bad);
	else if (strncasecmp(text, INCLUDE, strlen(INCLUDE)) == 0)
		take_include(text + strlen(INCLUDE), out, bad);
	else if (is_file(text))
		add_item(out, ITEM_FILE, text);
	else if (n > 0)
		take_addresses(whole, out, bad);
	free(text);
	free(whole);
}

/* ---- the list ---- */

/* Octets up to the next comma outside quotes, or all. */
static size_t
element_length(const char *p, size_t n)
{
	size_t i = 0, quoted;

	while (i < n && p[i] != ',') {
		quoted = p[i] == '"' ? quoted_length(p + i, n - i) : 0;
		if (quoted > 0)
			i += quoted;
		else
			i += p[i] == '\\' && i + 1 < n ? 2 : 1;
	}
	return i;
}

void
alias_list_parse(
    const char *p, size_t n, struct alias_items *out, struct strlist *bad)
{
	size_t len, from, to;

	for (;;) {
		len = element_length(p, n);
		for (from = 0; from < len && char_is_white(p[from]); from++)
			;
		for (to = len; to > from && char_is_white(p[to - 1]); to--)
			;
		take_element(p + from, to - from, out, bad);
		if (len == n)
			break;
		p += len + 1;
		n -= len + 1;
	}
}

/* ---- lines ---- */

void
alias_reader_init(
    struct alias_reader *r, const char *p, size_t n, enum alias_lines mode)
{
	r->p = p;
	r->left = n;
	r->mode = mode;
	r->number = 1;
}

/* Octets of a line that are no comment and no blanks at its end. */
static size_t
significant_length(const char *p, size_t n)
{
	size_t i = 0, quoted, end = 0;

	while (i < n) {
		if (p[i] == '#' && (i == 0 || char_is_white(p[i - 1])))
			break;
		quoted = p[i] == '"' ? quoted_length(p + i, n - i) : 0;
		i += quoted > 0 ? quoted : 1;
		if (!char_is_white(p[i - 1]))
			end = i;
	}
	return end;
}

/* Takes one line of the text; *len of its octets count. */
static const char *
take_line(struct alias_reader *r, size_t *len)
{
	const char *line = r->p, *lf = memchr(r->p, '\n', r->left);
	size_t n = lf != NULL ? (size_t)(lf - line) + 1 : r->left;

	r->p += n;
	r->left -= n;
	r->number++;
	*len = significant_length(line, n);
	return line;
}

/* Does the line at r->p belong to the one before? */
static bool
is_continued(const struct alias_reader *r)
{
	return r->mode == LINES_CONTINUED && r->left > 0 &&
	       (char_is_white(r->p[0]) || r->p[0] == '#');
}

char *
alias_reader_next(struct alias_reader *r, size_t *number)
{
	const char *line;
	struct buf b;
	size_t len = 0;

	while (len == 0) {
		if (r->left == 0)
			return NULL;
		*number = r->number;
		line = take_line(r, &len);
	}
	buf_init(&b, (size_t)(r->p - line) + r->left);
	buf_append(&b, line, len);
	while (is_continued(r)) {
		line = take_line(r, &len);
		buf_append(&b, line, len);
	}
	/* A NUL would hide what follows it; no name holds an SOH. */
	for (len = 0; len < b.len; len++)
		if (b.data[len] == '\0')
			b.data[len] = '\1';
	return buf_steal(&b);
}
