/* SPDX-License-Identifier: ISC */
/*
 * A server's clock, by its greeting.  Nothing says where in the text it stands,
 * and whoever is on the path may have written it: what is not exactly a date of
 * RFC 5322, weekday and all, counts as none.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/date.h"
#include "mail/greeting.h"

static const char days[] = "SunMonTueWedThuFriSat";

/* So many digits at *p, most if least are there, behind which it is left. */
static bool
take_number(const char **p, int least, int most, int *out)
{
	int n;

	*out = 0;
	for (n = 0; n < most && char_is_digit(**p); n++)
		*out = *out * 10 + (*(*p)++ - '0');
	return n >= least && !char_is_digit(**p);
}

static bool
take(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

/* "+0100", "GMT", ...: minutes ahead of UTC. */
static bool
take_zone(const char **p, int *ahead)
{
	bool is_behind = **p == '-';
	int v;

	*ahead = 0;
	if (take(p, "GMT") || take(p, "UTC") || take(p, "UT"))
		return true;
	if (!take(p, "+") && !take(p, "-"))
		return false;
	if (!take_number(p, 4, 4, &v) || v / 100 > 23 || v % 100 > 59)
		return false;
	*ahead = (v / 100 * 60 + v % 100) * (is_behind ? -1 : 1);
	return true;
}

/* p: behind the comma, which is behind the name of the day. */
static int64_t
time_at(const char *p, int weekday)
{
	struct date_parts d, day;
	int64_t at;
	int ahead;

	if (!take(&p, " ") || !take_number(&p, 1, 2, &d.day) ||
	    !take(&p, " ") || (d.month = date_month(p)) == 0)
		return 0;
	p += 3;
	if (!take(&p, " ") || !take_number(&p, 4, 4, &d.year) ||
	    !take(&p, " ") || !take_number(&p, 2, 2, &d.hour) ||
	    !take(&p, ":") || !take_number(&p, 2, 2, &d.minute) ||
	    !take(&p, ":") || !take_number(&p, 2, 2, &d.second) ||
	    !take(&p, " ") || !take_zone(&p, &ahead) || char_is_alnum(*p) ||
	    (at = date_join(&d)) == -1)
		return 0;
	/* A leap second may count as the next day's first. */
	date_split(at - d.second, &day);
	at -= ahead * 60;
	return day.weekday == weekday && at > 0 ? at : 0;
}

int64_t
greeting_time(const char *text)
{
	const char *p;
	int64_t at;
	int day;

	for (p = text; (p = strchr(p, ',')) != NULL; p++) {
		if (p - text < 3 || (p - text > 3 && char_is_alnum(p[-4])))
			continue;
		for (day = 0; day < 7; day++)
			if (strncmp(&days[3 * day], p - 3, 3) == 0 &&
			    (at = time_at(p + 1, day)) != 0)
				return at;
	}
	return 0;
}
