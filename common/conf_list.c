/* SPDX-License-Identifier: ISC */
/*
 * Values that are lists, and the one list that is split otherwise: a command.
 * A list is judged whole before it is stored.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/conf_syntax.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define LIST_MAX 5000 /* items; a longer list is a mistake */

static const struct {
	bool (*is_valid)(const char *text);
	const char *expected;
} items[VALUE_KINDS] = {
	[VALUE_DOMAINS] = { syntax_is_domain, "a domain such as contoso.com" },
	[VALUE_USERS] = { syntax_is_account_or_group,
	    "the name of a user, or of a group as @group" },
	[VALUE_HOSTS] = { syntax_is_hostport, "a host, or host:port" },
	[VALUE_PATTERNS] = { syntax_is_pattern,
	    "an address pattern (user@domain, @domain or *@*.domain)" },
	[VALUE_SENDERS] = { syntax_is_sender,
	    "an address pattern (user@domain, @domain or *@*.domain), or "
	    "network=pattern" },
	[VALUE_NETWORKS] = { syntax_is_network,
	    "a network (192.0.2.0/24, 2001:db8::/32) or an address" },
};

/* One more item, between blanks and commas: NULL at the end. */
static char *
next_item(const char **p)
{
	size_t n;

	*p += strspn(*p, " \t,");
	if ((n = strcspn(*p, " \t,")) == 0)
		return NULL;
	*p += n;
	return xstrndup(*p - n, n);
}

int
conf_list_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	struct strlist list = { NULL, 0 };
	char *item;
	int rc = 0;

	while (rc == 0 && (item = next_item(&text)) != NULL) {
		if (!items[o->kind].is_valid(item))
			rc = conf_refuse(e, item, items[o->kind].expected);
		else if (list.n == LIST_MAX)
			rc = err_set(e, ERR_LOCAL, "5.3.5",
			    "the list has more than %d items", LIST_MAX);
		else
			strlist_add(&list, item);
		free(item);
	}
	if (rc == 0 && list.n == 0)
		rc = conf_refuse(e, text, items[o->kind].expected);
	if (rc == 0)
		*(struct strlist *)place = list;
	else
		strlist_clear(&list);
	return rc;
}

bool
conf_list_put(const struct conf_option *o, const void *place, struct buf *b)
{
	const struct strlist *list = place;
	size_t i;

	(void)o;
	for (i = 0; i < list->n; i++)
		buf_printf(b, "%s%s", i == 0 ? "" : " ", list->v[i]);
	return list->n > 0;
}

size_t *
conf_count_of(const struct conf_option *o, void *place)
{
	char *base = (char *)place - o->offset;

	return (size_t *)(void *)(base + o->count_offset);
}

int
conf_durations_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	int64_t *v = NULL, one;
	size_t n = 0;
	char *item;
	int rc = 0;

	while (rc == 0 && (item = next_item(&text)) != NULL) {
		rc = conf_duration_parse(o, &one, item, e);
		if (rc == 0 && n == LIST_MAX)
			rc = err_set(e, ERR_LOCAL, "5.3.5",
			    "the list has more than %d items", LIST_MAX);
		if (rc == 0) {
			v = xreallocarray(v, n + 1, sizeof(*v));
			v[n++] = one;
		}
		free(item);
	}
	if (rc == 0 && n == 0)
		rc = conf_refuse(
		    e, text, "a list of durations such as 1m 5m 1h");
	if (rc == -1) {
		free(v);
		return -1;
	}
	*(int64_t **)place = v;
	*conf_count_of(o, place) = n;
	return 0;
}

bool
conf_durations_put(
    const struct conf_option *o, const void *place, struct buf *b)
{
	const int64_t *v = *(int64_t *const *)place;
	const char *base = (const char *)place - o->offset;
	size_t i, n;

	memcpy(&n, base + o->count_offset, sizeof(n));
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ' ');
		conf_put_duration(b, v[i]);
	}
	return n > 0;
}

/*
 * A command is split at blanks alone, since a comma may well belong to an
 * argument; one with blanks in it stands in double quotes, in which a
 * backslash takes the next octet as it is.  No shell reads it.
 */
static int
next_argument(const char **p, struct buf *arg)
{
	bool quoted = false;

	*p += strspn(*p, " \t");
	if (**p == '\0')
		return 0;
	buf_truncate(arg, 0);
	for (; **p != '\0' && (quoted || strchr(" \t", **p) == NULL); (*p)++) {
		if (**p == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && **p == '\\' && (*p)[1] != '\0')
			(*p)++;
		if (buf_putc(arg, **p) == -1)
			return -1;
	}
	return quoted ? -1 : 1;
}

int
conf_command_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	struct strlist list = { NULL, 0 };
	const char *p = text;
	struct buf arg;
	int rc;

	(void)o;
	buf_init(&arg, strlen(text));
	while ((rc = next_argument(&p, &arg)) == 1 && list.n < LIST_MAX)
		strlist_add(&list, buf_data(&arg));
	buf_clear(&arg);
	if (rc == 0 && list.n > 0 && list.v[0][0] == '/') {
		*(struct strlist *)place = list;
		return 0;
	}
	if (rc == -1)
		conf_refuse(e, text, "complete: a quotation mark is missing");
	else
		conf_refuse(e, text,
		    "a command: the absolute path of a program, then its "
		    "arguments");
	strlist_clear(&list);
	return -1;
}

bool
conf_command_put(const struct conf_option *o, const void *place, struct buf *b)
{
	const struct strlist *list = place;
	const char *p;
	size_t i;

	(void)o;
	for (i = 0; i < list->n; i++) {
		if (i > 0)
			buf_putc(b, ' ');
		if (*list->v[i] != '\0' &&
		    strpbrk(list->v[i], " \t\"\\") == NULL) {
			buf_puts(b, list->v[i]);
			continue;
		}
		buf_putc(b, '"');
		for (p = list->v[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_putc(b, '\\');
			buf_putc(b, *p);
		}
		buf_putc(b, '"');
	}
	return list->n > 0;
}
