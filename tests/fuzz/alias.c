/* SPDX-License-Identifier: ISC */
/*
 * A file of aliases, which also serves as the text of every list it includes:
 * each of its names can be expanded, the mail of none is lost, and what comes
 * out as an address is one.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias_expand.h"

#include "tests/fuzz/fuzz.h"

struct input {
	const uint8_t *p;
	size_t n;
};

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	const struct input *in = arg;

	assert(path[0] == '/');
	if (in->n % 2 == 0)
		return err_set(e, ERR_LOCAL, "4.3.5", "no list today");
	*text = xmalloc(in->n + 1);
	memcpy(*text, in->p, in->n);
	*n = in->n;
	return 0;
}

static void
expand(const struct alias_rules *rules, const char *name)
{
	struct alias_targets t;
	struct err e;
	size_t i;

	assert(alias_expand(rules, name, &t, &e) == 0);
	assert(t.n > 0);
	for (i = 0; i < t.n; i++) {
		if (t.v[i].kind != TARGET_ADDRESS)
			continue;
		assert(addr_domain(t.v[i].text) != NULL);
		assert(strcmp(t.v[i].text, name) == 0 ||
		       addr_check(t.v[i].text, "5.1.3", NULL, NULL) == 0);
	}
	alias_targets_clear(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char loopback[] = "localhost";
	static char *names[] = { loopback };
	const struct strlist local_names = { .v = names, .n = 1 };
	struct input in = { p, n };
	struct alias_rules rules = { NULL, &local_names, include, &in };
	struct alias_reader r;
	struct strlist bad = { 0 };
	struct aliases *a = aliases_parse((const char *)p, n, &bad);
	size_t number, before = 0;
	char *line;

	rules.aliases = a;
	assert(bad.n <= ALIAS_BAD_MAX + 1);
	alias_reader_init(&r, (const char *)p, n, LINES_SINGLE);
	while ((line = alias_reader_next(&r, &number)) != NULL) {
		assert(number > before);
		before = number;
		line[strcspn(line, ":")] = '\0';
		expand(&rules, line);
		free(line);
	}
	expand(&rules, "root");
	aliases_free(a);
	strlist_clear(&bad);
	return 0;
}
