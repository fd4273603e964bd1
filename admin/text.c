/* SPDX-License-Identifier: ISC */
/*
 * Figures, times and foreign text in the form in which people read them.
 */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/text.h"
#include "common/buf.h"
#include "common/utf8.h"

#define COLUMNS  78
#define LABEL    8 /* columns of a label, with the blanks behind it */
#define TEXT_MAX (64 * 1024)

void
text_put(FILE *out, const char *s)
{
	struct buf b;

	if (s == NULL)
		return;
	buf_init(&b, 4 * strlen(s) + 1);
	utf8_put_safe(&b, s);
	fwrite(buf_data(&b), 1, b.len, out);
	buf_clear(&b);
}

void
text_age(int64_t seconds, char out[TEXT_SHORT])
{
	static const struct {
		int64_t s;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i;

	if (seconds < 0)
		seconds = 0;
	for (i = 0; i < 3 && seconds < units[i].s; i++)
		;
	snprintf(out, TEXT_SHORT, "%lld%c", (long long)(seconds / units[i].s),
	    units[i].unit);
}

void
text_size(uint64_t octets, char out[TEXT_SHORT])
{
	static const char units[] = "KMGTPE";
	uint64_t tenths, unit = 1024;
	size_t i = 0;

	if (octets < 1024) {
		snprintf(out, TEXT_SHORT, "%uB", (unsigned)octets);
		return;
	}
	while (octets / unit >= 1024 && units[i + 1] != '\0') {
		unit *= 1024;
		i++;
	}
	tenths = octets / unit * 10 + octets % unit * 10 / unit;
	if (tenths < 100)
		snprintf(out, TEXT_SHORT, "%u.%u%c", (unsigned)(tenths / 10),
		    (unsigned)(tenths % 10), units[i]);
	else
		snprintf(
		    out, TEXT_SHORT, "%u%c", (unsigned)(tenths / 10), units[i]);
}

void
text_next(int64_t at, int64_t now, char out[TEXT_SHORT])
{
	char age[TEXT_SHORT];

	if (at == 0) {
		snprintf(out, TEXT_SHORT, "-");
	} else if (at <= now) {
		snprintf(out, TEXT_SHORT, "now");
	} else {
		text_age(at - now, age);
		snprintf(out, TEXT_SHORT, "in %.20s", age);
	}
}

void
text_local_time(int64_t at, char out[TEXT_TIME])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(out, TEXT_TIME, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strlcpy(out, "?", TEXT_TIME);
}

void
text_utc_time(int64_t at, char out[TEXT_TIME])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TEXT_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(out, "?", TEXT_TIME);
}

void
text_put_reply(FILE *out, uint64_t code, const char *status, const char *text)
{
	char front[TEXT_SHORT] = "";
	size_t n;

	if (code != 0)
		n = (size_t)snprintf(
		    front, sizeof(front), "%u ", (unsigned)(code % 1000));
	else
		n = 0;
	/* The server's own words mostly begin with its code already. */
	if (n > 0 && (text == NULL || strncmp(text, front, n - 1) != 0)) {
		fputs(front, out);
		if (status != NULL && *status != '\0' &&
		    (text == NULL || strstr(text, status) == NULL)) {
			text_put(out, status);
			fputc(' ', out);
		}
	}
	text_put(out, text);
}

/* ---- paragraphs ---- */

static size_t
word_length(const char *p)
{
	return strcspn(p, " ");
}

/* "Set-Mailbox": a command of PowerShell. */
static bool
is_command(const char *p)
{
	size_t n = 1;

	if (!isupper((unsigned char)p[0]))
		return false;
	while (islower((unsigned char)p[n]))
		n++;
	return n > 1 && p[n] == '-' && isupper((unsigned char)p[n + 1]);
}

/* A word; or a command with its parameters, which is copied as one line. */
static size_t
unit_length(const char *p)
{
	size_t n = word_length(p);

	if (!is_command(p))
		return n;
	while (p[n] == ' ' && p[n + 1] == '-') {
		n += 1 + word_length(p + n + 1);
		if (p[n] == ' ' && p[n + 1] != '-' && p[n - 1] != '.' &&
		    p[n - 1] != ',')
			n += 1 + word_length(p + n + 1);
	}
	return n;
}

/* Octets that go on a UTF-8 sequence take no column. */
static size_t
width_of(const char *p, size_t n)
{
	size_t i, columns = 0;

	for (i = 0; i < n; i++)
		columns += ((unsigned char)p[i] & 0xc0) != 0x80;
	return columns;
}

/* A word that is too long ends anywhere but within a sequence. */
static size_t
cut(const char *s, size_t columns)
{
	size_t i, seen = 0;

	for (i = 0; s[i] != '\0'; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && seen++ == columns)
			break;
	return i;
}

/* Octets of s that make a line of so many columns: at least one unit. */
static size_t
fitting(const char *s, size_t columns)
{
	size_t n = unit_length(s), blanks, more;

	if (width_of(s, n) > columns)
		return n > word_length(s) ? n : cut(s, columns);
	for (; s[n] != '\0'; n += blanks + more) {
		blanks = strspn(s + n, " ");
		more = unit_length(s + n + blanks);
		if (width_of(s, n + blanks + more) > columns)
			break;
	}
	return n;
}

void
text_put_para(FILE *out, unsigned indent, const char *label, const char *s)
{
	size_t n, columns = COLUMNS - indent - LABEL;
	struct buf b;
	const char *p;

	if (s == NULL || *s == '\0')
		return;
	buf_init(&b, TEXT_MAX);
	utf8_put_safe(&b, s);
	for (p = buf_data(&b); *p != '\0'; p += n) {
		n = fitting(p, columns);
		fprintf(out, "%*s%-*s%.*s\n", (int)indent, "", LABEL, label,
		    (int)n, p);
		label = "";
		n += strspn(p + n, " ");
	}
	buf_clear(&b);
}

const char *
text_account(const char *name)
{
	return name == NULL || *name == '\0' ? "(default)" : name;
}
