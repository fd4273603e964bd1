/* SPDX-License-Identifier: ISC */
/*
 * Guessing the name that was meant.  The distance is that of Damerau and
 * Levenshtein in its restricted form (no letter is moved twice), which counts
 * the usual slips of the hand as one.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "common/nearest.h"

#define WORD_MAX 48 /* longer than any name of ours; a longer word is none */

static int
lower(char c)
{
	return tolower((unsigned char)c);
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t
nearest_distance(const char *a, const char *b)
{
	/* Three rows of the table: two before this one, one before, this. */
	size_t rows[3][WORD_MAX + 1];
	size_t *two = rows[0], *one = rows[1], *now = rows[2], *spare;
	size_t na = strlen(a), nb = strlen(b), i, j, cost;

	if (na > WORD_MAX || nb > WORD_MAX)
		return na > nb ? na : nb;
	memset(rows, 0, sizeof(rows));
	for (j = 0; j <= nb; j++)
		one[j] = j;
	for (i = 1; i <= na; i++) {
		now[0] = i;
		for (j = 1; j <= nb; j++) {
			cost = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
			now[j] =
			    min3(one[j] + 1, now[j - 1] + 1, one[j - 1] + cost);
			if (i > 1 && j > 1 && two[j - 2] + 1 < now[j] &&
			    lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = two[j - 2] + 1;
		}
		spare = two;
		two = one;
		one = now;
		now = spare;
	}
	return one[nb];
}

void
nearest_init(struct nearest *n, const char *word)
{
	n->word = word;
	n->best = NULL;
	n->distance = strlen(word) / 3 + 1;
}

void
nearest_try(struct nearest *n, const char *candidate)
{
	size_t d = nearest_distance(n->word, candidate);

	/* "password" for "password_file": a name that was left unfinished. */
	if (strlen(n->word) > 2 &&
	    strncmp(n->word, candidate, strlen(n->word)) == 0 && d > 1)
		d = 1;
	if (n->best == NULL ? d <= n->distance : d < n->distance) {
		n->best = candidate;
		n->distance = d;
	}
}
