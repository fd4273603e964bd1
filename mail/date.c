/* SPDX-License-Identifier: ISC */
/*
 * Calendar arithmetic of our own: the C library's reads the time zone files
 * and the locale, and a date in a message must depend on neither.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/date.h"

#define DAY_S 86400
/* 9999-12-30 23:59:59: a day early, for the offset that is added. */
#define AT_MAX 253402214399

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/*
 * Days since 1970 to year, month, day.  Years are counted from March, so that
 * the day that leap years add comes last and months fall into a plain rhythm
 * of 153 days in five months; 400 years always have 146,097 days.
 */
static void
split_days(int64_t days, struct date_parts *d)
{
	int64_t since = days + 719468; /* from 1 March of the year 0 */
	int64_t era = since / 146097;
	int64_t of_era = since - era * 146097;
	int64_t year_of_era =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year =
	    of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0: March */

	d->day = (int)(of_year - (153 * month + 2) / 5) + 1;
	d->month = (int)(month < 10 ? month + 3 : month - 9);
	d->year = (int)(year_of_era + era * 400) + (d->month <= 2 ? 1 : 0);
	d->weekday = (int)((days + 4) % 7); /* 1 January 1970: a Thursday */
}

void
date_split(int64_t at, struct date_parts *d)
{
	int64_t second;

	if (at < 0)
		at = 0;
	split_days(at / DAY_S, d);
	second = at % DAY_S;
	d->hour = (int)(second / 3600);
	d->minute = (int)(second / 60 % 60);
	d->second = (int)(second % 60);
}

/* Days from 1970-01-01 to a day of the Gregorian calendar: see split_days. */
static int64_t
days_to(int64_t year, int64_t month, int64_t day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = year / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

int64_t
date_join(const struct date_parts *d)
{
	struct date_parts again;
	int64_t at;

	if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > 31 || d->hour < 0 || d->hour > 23 ||
	    d->minute < 0 || d->minute > 59 || d->second < 0 || d->second > 60)
		return -1;
	at = days_to(d->year, d->month, d->day) * DAY_S;
	date_split(at, &again);
	if (again.day != d->day)
		return -1; /* 31 February is a day in March */
	return at + d->hour * 3600 + d->minute * 60 + d->second;
}

int
date_month(const char *text)
{
	int m;

	for (m = 0; m < 12; m++)
		if (strncmp(months[m], text, 3) == 0)
			return m + 1;
	return 0;
}

void
date_format(char out[DATE_SIZE], int64_t at, int offset_min)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	struct date_parts d;
	int ahead;

	if (offset_min > 1439 || offset_min < -1439)
		offset_min = offset_min > 0 ? 1439 : -1439;
	if (at > AT_MAX)
		at = AT_MAX;
	if (at < 0)
		at = 0;
	date_split(at + offset_min * 60, &d);
	ahead = abs(offset_min);
	snprintf(out, DATE_SIZE, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d",
	    days[d.weekday], d.day, months[d.month - 1], d.year, d.hour,
	    d.minute, d.second, offset_min < 0 ? '-' : '+', ahead / 60 % 24,
	    ahead % 60);
}
