/* SPDX-License-Identifier: ISC */
/*
 * Calendar arithmetic of our own: the C library's reads the time zone files
 * and the locale, and a date in a message must depend on neither.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "mail/date.h"

#define DAY_S 86400
/* 9999-12-30 23:59:59: a day early, for the offset that is added. */
#define AT_MAX 253402214399

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

void
date_format(char out[DATE_SIZE], int64_t at, int offset_min)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
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
