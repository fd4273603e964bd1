/* SPDX-License-Identifier: ISC */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdint.h>

/*
 * Dates as they stand in header fields (RFC 5322 3.3), with a numeric zone.
 * Where the time zone comes from is the caller's affair.
 */

#define DATE_SIZE 32 /* "Mon, 23 Nov 2026 21:20:34 +0100" and NUL */

/*
 * Writes the instant (wall seconds) as a clock offset_min minutes ahead of UTC
 * shows it.  Instants outside the years 1970 to 9999 are moved to the nearer
 * end, and offsets to a day: every date written can be read.
 */
void date_format(char out[DATE_SIZE], int64_t at, int offset_min);

/* A day and time of UTC, as parts. */
struct date_parts {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
	int weekday; /* 0: Sunday */
};
void date_split(int64_t at, struct date_parts *d);

/*
 * The way back, whatever weekday says; -1: there is no such time from 1970 on,
 * to the end of 9999.  A leap second counts as the one behind it.
 */
int64_t date_join(const struct date_parts *d);

/* 1 to 12 for three letters, "Nov", that text begins with; 0: it does not. */
int date_month(const char *text);

#endif
