/* SPDX-License-Identifier: ISC */
/*
 * The end of DATA, and dots undone.  Within a line octets are copied whole up
 * to the next line end; only what stands near one goes octet by octet, through
 * step, which is the definition.
 */
#include "config.h"

#include <string.h>

#include "smtpd/data.h"

#define SEARCH_MAX \
	4096 /* octets searched at a time, so that many odd \
		     ones do not make every search a long one */

void
data_init(struct data *d, bool takes_lf)
{
	d->takes_lf = takes_lf;
	d->ended = false;
	d->where = DATA_AT_START;
}

/* A line that has begun: writes octet, which is not the first dot of it. */
static size_t
step_in_line(struct data *d, char octet, char *out)
{
	if (octet == '\n' && (d->where == DATA_IN_LINE_CR || d->takes_lf))
		d->where = DATA_AT_START;
	else
		d->where = octet == '\r' ? DATA_IN_LINE_CR : DATA_IN_LINE;
	*out = octet;
	return 1;
}

/* One octet: how many it writes. */
static size_t
step(struct data *d, char octet, char *out)
{
	switch (d->where) {
	case DATA_AT_START:
		if (octet == '.') {
			d->where = DATA_AT_DOT;
			return 0;
		}
		break;
	case DATA_AT_DOT:
		if (octet == '\n' && d->takes_lf) {
			d->ended = true;
			return 0;
		}
		if (octet == '\r') {
			d->where = DATA_AT_DOT_CR;
			return 0;
		}
		break;
	case DATA_AT_DOT_CR:
		if (octet == '\n') {
			d->ended = true;
			return 0;
		}
		/* That CR was text. */
		*out = '\r';
		d->where = DATA_IN_LINE_CR;
		return 1 + step_in_line(d, octet, out + 1);
	case DATA_IN_LINE:
	case DATA_IN_LINE_CR:
		break;
	}
	return step_in_line(d, octet, out);
}

/* Octets at p that are text and neither CR nor LF. */
static size_t
plain_length(const struct data *d, const char *p, size_t n)
{
	const char *stop;

	if (d->where != DATA_IN_LINE)
		return 0;
	if (n > SEARCH_MAX)
		n = SEARCH_MAX;
	if ((stop = memchr(p, '\n', n)) != NULL)
		n = (size_t)(stop - p);
	if ((stop = memchr(p, '\r', n)) != NULL)
		n = (size_t)(stop - p);
	return n;
}

size_t
data_take(struct data *d, const char *p, size_t n, char *out, size_t *len)
{
	size_t at = 0, plain;

	*len = 0;
	while (at < n && !d->ended) {
		plain = plain_length(d, p + at, n - at);
		if (plain > 0) {
			memcpy(out + *len, p + at, plain);
			*len += plain;
			at += plain;
		} else {
			*len += step(d, p[at++], out + *len);
		}
	}
	return at;
}
