/* SPDX-License-Identifier: ISC */
/*
 * Parameters, by one table.  What a client says wrongly it is told at once:
 * a value that we passed over would be a promise that nobody keeps.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "mail/chars.h"
#include "mail/dsn_value.h"
#include "smtpd/params.h"

#define SIZE_DIGITS 20 /* RFC 1870 4 */

/* What a parameter is read into. */
struct sink {
	struct envelope *env;
	struct size_limit limit;
	struct rcpt_params *rcpt;
};

/* value is "" where none was given.  -1 with *r filled. */
typedef int param_fn(struct sink *to, const char *value, struct reply *r);

static int
malformed(struct reply *r, const char *name, const char *value)
{
	return reply_set(
	    r, 501, "5.5.4", "%s: the value \"%s\" is malformed", name, value);
}

int
params_too_large(struct size_limit limit, struct reply *r)
{
	return reply_set(r, 552, "5.3.4",
	    "the message is larger than the %llu octets that %s allows",
	    (unsigned long long)limit.octets, limit.option);
}

static int
set_size(struct sink *to, const char *value, struct reply *r)
{
	size_t n = strspn(value, "0123456789");
	const char *why;
	uint64_t size;

	if (n == 0 || n > SIZE_DIGITS || value[n] != '\0')
		return malformed(r, "SIZE", value);
	/* What no number holds is too large for anybody. */
	size = (uint64_t)strtonum(value, 0, INT64_MAX, &why);
	if (to->limit.octets != 0 && (why != NULL || size > to->limit.octets))
		return params_too_large(to->limit, r);
	return 0;
}

static int
set_body(struct sink *to, const char *value, struct reply *r)
{
	if (strcasecmp(value, "8BITMIME") == 0)
		to->env->body = BODY_8BITMIME;
	else if (strcasecmp(value, "7BIT") == 0)
		to->env->body = BODY_7BIT;
	else
		return malformed(r, "BODY", value);
	return 0;
}

static int
set_smtputf8(struct sink *to, const char *value, struct reply *r)
{
	if (*value != '\0')
		return malformed(r, "SMTPUTF8", value);
	to->env->smtputf8 = true;
	return 0;
}

static int
set_ret(struct sink *to, const char *value, struct reply *r)
{
	if (strcasecmp(value, "FULL") == 0)
		to->env->ret = RET_FULL;
	else if (strcasecmp(value, "HDRS") == 0)
		to->env->ret = RET_HDRS;
	else
		return malformed(r, "RET", value);
	return 0;
}

static int
set_envid(struct sink *to, const char *value, struct reply *r)
{
	if (!dsn_value_is_envid(value))
		return malformed(r, "ENVID", value);
	to->env->envid = xstrdup(value);
	return 0;
}

/* Who has signed in elsewhere, by the client's word: nobody needs to know. */
static int
set_auth(struct sink *to, const char *value, struct reply *r)
{
	(void)to;
	return *value == '\0' ? malformed(r, "AUTH", value) : 0;
}

static int
set_notify(struct sink *to, const char *value, struct reply *r)
{
	return dsn_value_notify(value, &to->rcpt->notify)
		   ? 0
		   : malformed(r, "NOTIFY", value);
}

static int
set_orcpt(struct sink *to, const char *value, struct reply *r)
{
	if (!dsn_value_is_orcpt(value))
		return malformed(r, "ORCPT", value);
	to->rcpt->orcpt = xstrdup(value);
	return 0;
}

struct param {
	const char *name;
	param_fn *set;
};

static const struct param of_mail[] = {
	{ "SIZE", set_size },
	{ "BODY", set_body },
	{ "SMTPUTF8", set_smtputf8 },
	{ "RET", set_ret },
	{ "ENVID", set_envid },
	{ "AUTH", set_auth },
	{ NULL, NULL },
};

static const struct param of_rcpt[] = {
	{ "NOTIFY", set_notify },
	{ "ORCPT", set_orcpt },
	{ NULL, NULL },
};

/* Reads "NAME" or "NAME=VALUE"; *seen has a bit for each row. */
static int
read_one(const struct param *table, char *word, struct sink *to, unsigned *seen,
    struct reply *r)
{
	char *value = strchr(word, '=');
	unsigned i;

	if (value != NULL)
		*value++ = '\0';
	for (i = 0; table[i].name != NULL; i++)
		if (strcasecmp(table[i].name, word) == 0)
			break;
	if (table[i].name == NULL)
		return reply_set(r, 555, "5.5.4",
		    "the parameter \"%s\" is not known here", word);
	if ((*seen & (1U << i)) != 0)
		return reply_set(
		    r, 501, "5.5.4", "%s was given twice", table[i].name);
	*seen |= 1U << i;
	return table[i].set(to, value == NULL ? "" : value, r);
}

static int
read_all(const struct param *table, const struct span *params, struct sink *to,
    struct reply *r)
{
	size_t at = 0, n;
	unsigned seen = 0;
	char *word;
	int rc = 0;

	while (rc == 0 && at < params->n) {
		n = 0;
		while (at + n < params->n && !char_is_blank(params->p[at + n]))
			n++;
		if (n > 0) {
			word = xstrndup(params->p + at, n);
			rc = read_one(table, word, to, &seen, r);
			free(word);
		}
		at += n + 1;
	}
	return rc;
}

int
params_mail(const struct span *params, struct size_limit limit,
    struct envelope *env, struct reply *r)
{
	struct sink to = { .env = env, .limit = limit };

	return read_all(of_mail, params, &to, r);
}

int
params_rcpt(const struct span *params, struct rcpt_params *out, struct reply *r)
{
	struct sink to = { .rcpt = out };

	out->notify = 0;
	out->orcpt = NULL;
	if (read_all(of_rcpt, params, &to, r) == 0)
		return 0;
	free(out->orcpt);
	out->orcpt = NULL;
	return -1;
}
