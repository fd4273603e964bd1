/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing the values of options: one pair of functions for each
 * kind, found through a table.  Everything here is pure.  A parser judges the
 * whole text before it stores anything, so that a refused value leaves the
 * default in its place.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_priv.h"
#include "common/conf_syntax.h"
#include "common/conf_value.h"
#include "common/nearest.h"
#include "common/xalloc.h"

#define RATE_PER_MAX (24 * 3600) /* the budgets' ledger goes no further */

/* Enums are stored through an unsigned; so their size must be that. */
_Static_assert(sizeof(enum provider) == sizeof(unsigned), "enum size");
_Static_assert(sizeof(int) == sizeof(unsigned), "int size");

typedef int value_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e);
typedef bool value_put(
    const struct conf_option *o, const void *place, struct buf *b);

int
conf_refuse(struct err *e, const char *text, const char *expected)
{
	return err_set(
	    e, ERR_LOCAL, "5.3.5", "\"%.80s\" is not %s", text, expected);
}

static int
out_of_bounds(const struct conf_option *o, const char *text, struct err *e,
    void (*put)(struct buf *, uint64_t))
{
	struct buf low, high;

	buf_init(&low, 64);
	buf_init(&high, 64);
	put(&low, o->min);
	put(&high, o->max);
	err_set(e, ERR_LOCAL, "5.3.5", "\"%.80s\" is not between %s and %s",
	    text, buf_data(&low), buf_data(&high));
	buf_clear(&low);
	buf_clear(&high);
	return -1;
}

static bool
is_within(const struct conf_option *o, uint64_t v)
{
	return v >= o->min && (o->max == 0 || v <= o->max);
}

/* ---- single texts ---- */

static const struct {
	bool (*is_valid)(const char *text);
	const char *expected;
} texts[VALUE_KINDS] = {
	[VALUE_TEXT] = { syntax_is_text, "text" },
	[VALUE_HOSTNAME] = { syntax_is_hostname,
	    "a host name such as web01.contoso.com, or an address in "
	    "brackets" },
	[VALUE_DOMAIN] = { syntax_is_domain, "a domain such as contoso.com" },
	[VALUE_ADDRESS] = { syntax_is_address,
	    "an address such as it@contoso.com" },
	[VALUE_LOGIN] = { syntax_is_word,
	    "a mailbox such as alerts@contoso.com, without blanks" },
	[VALUE_USER] = { syntax_is_account, "the name of a user or group" },
	[VALUE_PATH] = { syntax_is_absolute,
	    "an absolute path (it must begin with \"/\")" },
	[VALUE_SECRET] = { syntax_is_text, "the name of a file" },
	[VALUE_ID] = { syntax_is_id,
	    "an id or domain (letters, digits, \"-\", \".\")" },
	[VALUE_URL] = { syntax_is_url, "an address such as https://host/path" },
	[VALUE_HOSTPORT] = { syntax_is_hostport, "a host, or host:port" },
	[VALUE_IP] = { syntax_is_ip,
	    "an address such as 192.0.2.1 or 2001:db8::1" },
	[VALUE_DATE] = { syntax_is_date, "a date such as 2027-01-31" },
};

static int
parse_text(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	if (!texts[o->kind].is_valid(text))
		return conf_refuse(e, text, texts[o->kind].expected);
	*(char **)place = xstrdup(text);
	return 0;
}

static bool
put_text(const struct conf_option *o, const void *place, struct buf *b)
{
	const char *text = *(char *const *)place;

	(void)o;
	if (text == NULL)
		return false;
	buf_puts(b, text);
	return true;
}

/* ---- words ---- */

static int
unknown_word(const struct conf_option *o, const char *text, struct err *e)
{
	const struct conf_word *w;
	struct nearest near;
	struct buf all;

	buf_init(&all, 256);
	nearest_init(&near, text);
	for (w = o->words; w->name != NULL; w++) {
		buf_printf(&all, "%s%s",
		    w == o->words       ? ""
		    : w[1].name == NULL ? " or "
					: ", ",
		    w->name);
		nearest_try(&near, w->name);
	}
	/* The nearest of numbers is another number. */
	if (near.best != NULL && !(text[0] >= '0' && text[0] <= '9'))
		err_set(e, ERR_LOCAL, "5.3.5",
		    "\"%.80s\" is not %s; did you mean \"%s\"?", text,
		    buf_data(&all), near.best);
	else
		conf_refuse(e, text, buf_data(&all));
	buf_clear(&all);
	return -1;
}

static const struct conf_word *
find_word(const struct conf_option *o, const char *text)
{
	const struct conf_word *w;

	for (w = o->words; w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w;
	return NULL;
}

static int
parse_word(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	const struct conf_word *w = find_word(o, text);

	if (w == NULL)
		return unknown_word(o, text, e);
	memcpy(place, &w->value, sizeof(w->value));
	return 0;
}

static int
parse_bool(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	const struct conf_word *w = find_word(o, text);

	if (w == NULL)
		return unknown_word(o, text, e);
	*(bool *)place = w->value != 0;
	return 0;
}

static bool
put_word(const struct conf_option *o, const void *place, struct buf *b)
{
	const struct conf_word *w;
	unsigned v;

	if (o->kind == VALUE_BOOL)
		v = *(const bool *)place ? 1 : 0;
	else
		memcpy(&v, place, sizeof(v));
	for (w = o->words; w->name != NULL; w++)
		if (w->value == v) {
			buf_puts(b, w->name);
			return true;
		}
	return false;
}

/* ---- numbers ---- */

void
conf_put_duration(struct buf *b, int64_t seconds)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } };
	size_t i;

	/* No weeks: two of them read better as 14d. */
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (seconds != 0 && seconds % units[i].s == 0) {
			buf_printf(b, "%lld%c",
			    (long long)(seconds / units[i].s), units[i].unit);
			return;
		}
	buf_printf(b, "%llds", (long long)seconds);
}

void
conf_put_size(struct buf *b, uint64_t octets)
{
	static const char units[] = { 'G', 'M', 'K' };
	size_t i;

	for (i = 0; i < sizeof(units); i++) {
		uint64_t unit = UINT64_C(1) << (30 - 10 * i);

		if (octets != 0 && octets % unit == 0) {
			buf_printf(b, "%llu%c",
			    (unsigned long long)(octets / unit), units[i]);
			return;
		}
	}
	buf_printf(b, "%llu", (unsigned long long)octets);
}

static void
put_duration_bound(struct buf *b, uint64_t v)
{
	conf_put_duration(b, (int64_t)v);
}

static void
put_count_bound(struct buf *b, uint64_t v)
{
	buf_printf(b, "%llu", (unsigned long long)v);
}

int
conf_duration_parse(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	uint64_t v;

	if (syntax_read_duration(text, &v) == -1)
		return conf_refuse(e, text,
		    "a duration: a whole number with s, m, h, d or w, such as "
		    "90s");
	if (!is_within(o, v))
		return out_of_bounds(o, text, e, put_duration_bound);
	*(int64_t *)place = (int64_t)v;
	return 0;
}

static int
parse_number(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	uint64_t v;

	if (syntax_read_number(text, &v) == -1)
		return conf_refuse(e, text, "a whole number");
	if (!is_within(o, v))
		return out_of_bounds(o, text, e, put_count_bound);
	if (o->kind == VALUE_NUMBER)
		*(unsigned *)place = (unsigned)v;
	else
		*(uint64_t *)place = v;
	return 0;
}

static int
parse_size(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	uint64_t v;

	if (syntax_read_size(text, &v) == -1)
		return conf_refuse(e, text,
		    "a size: a whole number of octets, or with K, M or G, such "
		    "as 35M");
	if (!is_within(o, v))
		return out_of_bounds(o, text, e, conf_put_size);
	*(uint64_t *)place = v;
	return 0;
}

static int
parse_rate(
    const struct conf_option *o, void *place, const char *text, struct err *e)
{
	const char *slash = strchr(text, '/');
	struct rate *rate = place;
	uint64_t count, per;
	char *left;
	int rc = -1;

	if (slash == NULL)
		return conf_refuse(e, text,
		    "a rate: a number, \"/\" and a duration, such as 28/1m");
	left = xstrndup(text, (size_t)(slash - text));
	if (syntax_read_number(left, &count) == 0 && count > 0 &&
	    count <= o->max && syntax_read_duration(slash + 1, &per) == 0 &&
	    per > 0 && per <= RATE_PER_MAX) {
		rate->count = (unsigned)count;
		rate->per_s = (int64_t)per;
		rc = 0;
	}
	free(left);
	if (rc == -1)
		conf_refuse(e, text,
		    "a rate: a number, \"/\" and a duration of at most 1d, "
		    "such "
		    "as 28/1m");
	return rc;
}

static bool
put_duration(const struct conf_option *o, const void *place, struct buf *b)
{
	int64_t v = *(const int64_t *)place;

	if (v == 0 && o->none != NULL)
		return false;
	conf_put_duration(b, v);
	return true;
}

static bool
put_number(const struct conf_option *o, const void *place, struct buf *b)
{
	uint64_t v = o->kind == VALUE_NUMBER ? *(const unsigned *)place
					     : *(const uint64_t *)place;

	if (v == 0 && o->none != NULL)
		return false;
	put_count_bound(b, v);
	return true;
}

static bool
put_size(const struct conf_option *o, const void *place, struct buf *b)
{
	(void)o;
	conf_put_size(b, *(const uint64_t *)place);
	return true;
}

static bool
put_rate(const struct conf_option *o, const void *place, struct buf *b)
{
	const struct rate *rate = place;

	(void)o;
	if (rate->count == 0)
		return false;
	buf_printf(b, "%u/", rate->count);
	conf_put_duration(b, rate->per_s);
	return true;
}

/* ---- the table ---- */

enum store { /* what must be freed */
	STORE_PLAIN,
	STORE_STRING,
	STORE_LIST,
	STORE_ARRAY
};

static const struct {
	value_parse *parse;
	value_put *put;
	enum store store;
} kinds[VALUE_KINDS] = {
	[VALUE_TEXT] = { parse_text, put_text, STORE_STRING },
	[VALUE_HOSTNAME] = { parse_text, put_text, STORE_STRING },
	[VALUE_DOMAIN] = { parse_text, put_text, STORE_STRING },
	[VALUE_ADDRESS] = { parse_text, put_text, STORE_STRING },
	[VALUE_LOGIN] = { parse_text, put_text, STORE_STRING },
	[VALUE_USER] = { parse_text, put_text, STORE_STRING },
	[VALUE_PATH] = { parse_text, put_text, STORE_STRING },
	[VALUE_SECRET] = { parse_text, put_text, STORE_STRING },
	[VALUE_ID] = { parse_text, put_text, STORE_STRING },
	[VALUE_URL] = { parse_text, put_text, STORE_STRING },
	[VALUE_HOSTPORT] = { parse_text, put_text, STORE_STRING },
	[VALUE_IP] = { parse_text, put_text, STORE_STRING },
	[VALUE_DATE] = { parse_text, put_text, STORE_STRING },
	[VALUE_WORD] = { parse_word, put_word, STORE_PLAIN },
	[VALUE_BOOL] = { parse_bool, put_word, STORE_PLAIN },
	[VALUE_DURATION] = { conf_duration_parse, put_duration, STORE_PLAIN },
	[VALUE_NUMBER] = { parse_number, put_number, STORE_PLAIN },
	[VALUE_COUNT] = { parse_number, put_number, STORE_PLAIN },
	[VALUE_SIZE] = { parse_size, put_size, STORE_PLAIN },
	[VALUE_RATE] = { parse_rate, put_rate, STORE_PLAIN },
	[VALUE_DOMAINS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_USERS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_HOSTS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_PATTERNS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_SENDERS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_NETWORKS] = { conf_list_parse, conf_list_put, STORE_LIST },
	[VALUE_COMMAND] = { conf_command_parse, conf_command_put, STORE_LIST },
	[VALUE_DURATIONS] = { conf_durations_parse, conf_durations_put,
	    STORE_ARRAY },
};

int
conf_value_set(
    const struct conf_option *o, void *base, const char *text, struct err *e)
{
	/* Places are empty before: what stands for nothing is there already. */
	if (o->none != NULL && strcmp(text, o->none) == 0)
		return 0;
	return kinds[o->kind].parse(o, (char *)base + o->offset, text, e);
}

bool
conf_value_put(const struct conf_option *o, const void *base, struct buf *b)
{
	if (kinds[o->kind].put(o, (const char *)base + o->offset, b))
		return true;
	if (o->none == NULL)
		return false;
	buf_puts(b, o->none);
	return true;
}

void
conf_value_clear(const struct conf_option *o, void *base)
{
	void *place = (char *)base + o->offset;

	switch (kinds[o->kind].store) {
	case STORE_PLAIN:
		break;
	case STORE_STRING:
		free(*(char **)place);
		*(char **)place = NULL;
		break;
	case STORE_LIST:
		strlist_clear(place);
		break;
	case STORE_ARRAY:
		free(*(int64_t **)place);
		*(int64_t **)place = NULL;
		*conf_count_of(o, place) = 0;
		break;
	}
}

bool
conf_value_is_list(const struct conf_option *o)
{
	return kinds[o->kind].store == STORE_LIST ||
	       kinds[o->kind].store == STORE_ARRAY;
}
