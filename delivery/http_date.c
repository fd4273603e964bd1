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
#include "delivery/http_date.h"

struct date {
	int64_t year, month, day, hour, minute, second;
};

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static int64_t
days_to(int64_t y, int64_t m, int64_t d)
{
	int64_t era, of_era, of_year;

	y -= m <= 2;
	era = y / 400;
	of_era = y - era * 400;
	of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static int64_t
to_seconds(const struct date *d)
{
	if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->day < 1 ||
	    d->day > 31 || d->hour > 23 || d->minute > 59 || d->second > 60)
		return -1;
	return days_to(d->year, d->month, d->day) * 86400 + d->hour * 3600 +
	       d->minute * 60 + d->second;
}

static int64_t
month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t m;

	for (m = 0; m < 12; m++)
		if (strncmp(names + 3 * m, name, 3) == 0)
			return m + 1;
	return 0;
}

/*
 * Reads text by a form: d, y, H, n, S stand for a digit of day, year, hour...,
 * B for the three letters of a month, _ for a digit or a blank, a for a letter;
 * all else stands for itself.
 */
static bool
fits(const char *text, const char *form, struct date *d)
{
	int64_t *into;

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
			    (d->month = month_of(text)) == 0)
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
	struct date d;
	const char *comma = strchr(text, ',');

	if (fits(text, "aaa, dd B yyyy HH:nn:SS GMT", &d) ||
	    fits(text, "aaa B _d HH:nn:SS yyyy", &d))
		return to_seconds(&d);
	/* RFC 850: the name of the day is long, the year short. */
	if (comma == NULL || !fits(comma, ", dd-B-yy HH:nn:SS GMT", &d))
		return -1;
	d.year += d.year < 70 ? 2000 : 1900;
	return to_seconds(&d);
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
