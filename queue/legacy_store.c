/* SPDX-License-Identifier: ISC */
/* An account's stay at the legacy host, over restarts. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/legacy_store.h"
#include "queue/store.h"

#define NAME      "legacy %s"
#define VALUE_MAX 128

static const char *const stays[] = {
	[LEGACY_HOME] = "home",
	[LEGACY_AWAY] = "away",
	[LEGACY_ASKED] = "asked",
};
#define STAYS (sizeof(stays) / sizeof(stays[0]))

static const char *const signs[] = {
	[LEGACY_NOTHING] = "none",
	[LEGACY_SAID_OLD] = "said",
	[LEGACY_SHOWED_OLD] = "showed",
};
#define SIGNS (sizeof(signs) / sizeof(signs[0]))

/* -1 for a word that no version of ours has written. */
static int
find(const char *const *words, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

/* The next word of *rest as a number; -1 where there is none. */
static int64_t
number(char **rest, int64_t most)
{
	const char *word = strsep(rest, " "), *why = NULL;
	int64_t v = word == NULL ? -1 : strtonum(word, 0, most, &why);

	return why == NULL ? v : -1;
}

/* What cannot be read is nothing: home, the safe place. */
static void
take(struct legacy *l, char *value)
{
	char *rest = value;
	int stay = find(stays, STAYS, strsep(&rest, " "));
	int64_t since = number(&rest, INT64_MAX);
	int64_t for_s = number(&rest, LEGACY_FOR_MAX_S);
	const char *word = strsep(&rest, " ");
	int sign = word == NULL ? -1 : find(signs, SIGNS, word);
	int64_t n = number(&rest, LEGACY_SIGNS);
	int64_t sessions = number(&rest, INT64_MAX);

	if (stay == -1 || since == -1 || for_s == -1 || sign == -1 || n == -1 ||
	    sessions == -1)
		return;
	l->stay = (enum legacy_stay)stay;
	l->since = since;
	l->for_s = for_s;
	l->sign = (enum legacy_event)sign;
	l->signs = (unsigned)n;
	l->sessions = (uint64_t)sessions;
}

int
legacy_load(
    struct legacy *l, struct store *s, const char *account, struct err *e)
{
	char *name = xasprintf(NAME, account), *value = NULL;
	int found = store_fact_get(s, name, &value, e);

	memset(l, 0, sizeof(*l));
	if (found == 1)
		take(l, value);
	free(value);
	free(name);
	return found == -1 ? -1 : 0;
}

int
legacy_save(
    const struct legacy *l, struct store *s, const char *account, struct err *e)
{
	char *name = xasprintf(NAME, account), value[VALUE_MAX];
	int rc;

	snprintf(value, sizeof(value), "%s %lld %lld %s %u %llu",
	    stays[l->stay], (long long)l->since, (long long)l->for_s,
	    signs[l->sign], l->signs, (unsigned long long)l->sessions);
	rc = store_fact_put(s, name, value, e);
	free(name);
	return rc;
}
