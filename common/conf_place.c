/* SPDX-License-Identifier: ISC */
/*
 * Where the options of a section lie.  Most sections are one; of accounts and
 * listeners there are as many as are named.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/xalloc.h"

size_t
conf_places(const struct conf *c, enum conf_section s)
{
	if (s == SECTION_ACCOUNT)
		return c->naccounts;
	return s == SECTION_LISTEN ? c->nlisteners : 1;
}

void *
conf_place(struct conf *c, enum conf_section s, size_t i)
{
	if (s == SECTION_ACCOUNT)
		return &c->accounts[i];
	return s == SECTION_LISTEN ? (void *)&c->listeners[i] : c;
}

const void *
conf_place_const(const struct conf *c, enum conf_section s, size_t i)
{
	if (s == SECTION_ACCOUNT)
		return &c->accounts[i];
	return s == SECTION_LISTEN ? (const void *)&c->listeners[i] : c;
}

struct conf_lines *
conf_place_lines(const struct conf *c, enum conf_section s, size_t i)
{
	if (s == SECTION_ACCOUNT)
		return &c->origins->account[i];
	return s == SECTION_LISTEN ? &c->origins->listen[i]
				   : &c->origins->global;
}

const char *
conf_place_name(const struct conf *c, enum conf_section s, size_t i)
{
	if (s == SECTION_ACCOUNT)
		return c->accounts[i].name;
	return s == SECTION_LISTEN ? c->listeners[i].name : "";
}

static void
add_lines(struct conf_lines **v, size_t n, unsigned line)
{
	*v = xreallocarray(*v, n + 1, sizeof(**v));
	memset(&(*v)[n], 0, sizeof(**v));
	(*v)[n].section = line;
}

size_t
conf_place_add(
    struct conf *c, enum conf_section s, const char *name, unsigned line)
{
	if (s == SECTION_ACCOUNT) {
		add_lines(&c->origins->account, c->naccounts, line);
		c->accounts = xreallocarray(
		    c->accounts, c->naccounts + 1, sizeof(*c->accounts));
		c->accounts[c->naccounts] =
		    (struct conf_account){ .name = xstrdup(name) };
		return c->naccounts++;
	}
	add_lines(&c->origins->listen, c->nlisteners, line);
	c->listeners = xreallocarray(
	    c->listeners, c->nlisteners + 1, sizeof(*c->listeners));
	c->listeners[c->nlisteners] =
	    (struct conf_listen){ .name = xstrdup(name) };
	return c->nlisteners++;
}

void
conf_places_free(struct conf *c)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++)
		free(c->accounts[i].name);
	for (i = 0; i < c->nlisteners; i++)
		free(c->listeners[i].name);
	free(c->accounts);
	free(c->listeners);
	free(c->origins->account);
	free(c->origins->listen);
}
