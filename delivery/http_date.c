/* SPDX-License-Identifier: ISC */
/*
 * Dates of HTTP.  A server's clock and a server's patience come from here: what
 * is not exactly a date counts as none.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/date.h"
#include "delivery/http_date.h"

/*
 * Reads text by a form: d, y, H, n, S stand for a digit of day, year, hour...,
 * B for the three letters of a month, _ for a digit or a blank, a for a letter;
 * all else stands for itself.
 */
static bool
fits(const char *text, const char *form, struct date_parts *d)
{
	int *into;

	memset(d, 0, sizeof(*d));
	for (; *form != '\0'; form++, text++) {
		into = *form == 'd' || *form == '_' ? &d->day
		       : *form == 'y'               ? &d->year
		       : *form == 'H'               ? &d->hour
		       : *form == 'n'               ? &d->minute
		       : *form == 'S'               ? &d->second
						    : NULL;
		if (*text == '\0')
			return false;
		if (*form == 'B') {
			if (strlen(text) < 3 ||
			    (d->month = date_month(text)) == 0)
				return false;
			text += 2;
		} else if (*form == '_' && *text == ' ') {
			continue;
		} else if (into != NULL) {
			if (!char_is_digit(*text))
				return false;
			*into = *into * 10 + (*text - '0');
		} else if (*form == 'a'
			       ? !char_is_alnum(*text) || char_is_digit(*text)
			       : *form != *text) {
			return false;
		}
	}
	return *text == '\0';
}

int64_t
http_date_parse(const char *text)
{
	struct date_parts d;
	const char *comma = strchr(text, ',');

	if (fits(text, "aaa, dd B yyyy HH:nn:SS GMT", &d) ||
	    fits(text, "aaa B _d HH:nn:SS yyyy", &d))
		return date_join(&d);
	/* RFC 850: the name of the day is long, the year short. */
	if (comma == NULL || !fits(comma, ", dd-B-yy HH:nn:SS GMT", &d))
		return -1;
	d.year += d.year < 70 ? 2000 : 1900;
	return date_join(&d);
}

uint64_t
http_date_wait(const char *text, int64_t now)
{
	const char *problem;
	int64_t t;

	if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text)) {
		t = strtonum(text, 0, INT32_MAX, &problem);
		return problem == NULL ? (uint64_t)t : INT32_MAX;
	}
	t = http_date_parse(text);
	return t > now ? (uint64_t)(t - now) : 0;
}
