/* SPDX-License-Identifier: ISC */
/* The users' file: strict, since a slip in it opens or shuts a door. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/conf_syntax.h"
#include "common/users.h"
#include "common/utf8.h"
#include "common/xalloc.h"

/* Methods of crypt(5) that are slow to guess by. */
static const char *const methods[] = { "$y$", "$gy$", "$7$", "$2b$", "$2y$",
	"$6$", "$5$" };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

bool
users_is_login(const char *p, size_t n)
{
	size_t i;

	if (n == 0 || n > USERS_LOGIN_MAX || is_blank(p[0]) ||
	    is_blank(p[n - 1]) || p[0] == '#' || p[0] == ';' ||
	    !utf8_is_valid(p, n))
		return false;
	for (i = 0; i < n; i++)
		if (p[i] == ':' || is_control(p[i]))
			return false;
	return true;
}

bool
users_is_same(const struct users_part *a, const char *p, size_t n)
{
	return a->n == n && strncasecmp(a->p, p, n) == 0;
}

static bool
is_hash(const struct users_part *h)
{
	size_t i, n;

	for (i = 0; i < h->n; i++)
		if (h->p[i] <= ' ' || h->p[i] > '~')
			return false;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		n = strlen(methods[i]);
		if (h->n > n && memcmp(h->p, methods[i], n) == 0)
			return true;
	}
	return false;
}

/* What is wrong with the patterns: 0 or -1 with *e filled. */
static int
judge_senders(const struct users_part *s, struct err *e)
{
	size_t at = 0, n, found = 0;
	char *item;
	int rc = 0;

	while (rc == 0 && at < s->n) {
		for (n = 0; at + n < s->n && !is_blank(s->p[at + n]) &&
			    s->p[at + n] != ',';
		     n++)
			continue;
		if (n > 0) {
			item = xstrndup(s->p + at, n);
			if (!syntax_is_pattern(item))
				rc = err_set(e, ERR_LOCAL, "5.3.5",
				    "\"%s\" is no address pattern "
				    "(user@domain, @domain or *@*.domain)",
				    item);
			free(item);
			found++;
		}
		at += n + 1;
	}
	if (rc == 0 && found == 0)
		rc = err_set(e, ERR_LOCAL, "5.3.5",
		    "no sender stands behind the second colon");
	return rc;
}

/* Up to the next colon, or all. */
static struct users_part
next_part(const char **p, const char *end)
{
	const char *colon = memchr(*p, ':', (size_t)(end - *p));
	struct users_part part = { *p,
		(size_t)((colon == NULL ? end : colon) - *p) };

	*p = colon == NULL ? end : colon + 1;
	return part;
}

/* Of a login that may be shown: the line may be a hash gone astray. */
static int
take_parts(
    const char *p, const char *end, struct users_entry *out, struct err *e)
{
	out->login = next_part(&p, end);
	if (out->login.p + out->login.n == end)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "this is no line of login:hash; \"mailchute passwd\" "
		    "writes them");
	if (!users_is_login(out->login.p, out->login.n))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the login before the colon is empty, too long, not UTF-8, "
		    "or holds control characters or outer blanks");
	out->hash = next_part(&p, end);
	if (!is_hash(&out->hash))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "what stands behind %.*s: is no hash of yescrypt, "
		    "gost-yescrypt, scrypt, bcrypt, sha512crypt or "
		    "sha256crypt; \"mailchute passwd\" makes one",
		    (int)out->login.n, out->login.p);
	if (out->hash.p + out->hash.n == end)
		return 1;
	out->senders.p = p;
	out->senders.n = (size_t)(end - p);
	return judge_senders(&out->senders, e) == 0 ? 1 : -1;
}

int
users_parse_line(
    const char *p, size_t n, struct users_entry *out, struct err *e)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	while (n > 0 && (is_blank(p[n - 1]) || p[n - 1] == '\r'))
		n--;
	if (n == 0 || p[0] == '#' || p[0] == ';')
		return 0;
	/* It would be part of a login that nobody can see. */
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the line begins with a byte order mark; save the file "
		    "as UTF-8 without one");
	if (n > USERS_LINE_MAX)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the line has more than %d octets", USERS_LINE_MAX);
	for (i = 0; i < n; i++)
		if (is_control(p[i]) && p[i] != '\t')
			return err_set(e, ERR_LOCAL, "5.3.5",
			    "the line holds a control character");
	return take_parts(p, p + n, out, e);
}

/* ---- all of them ---- */

static int
by_login(const void *a, const void *b)
{
	const struct users_part *x = &((const struct users_entry *)a)->login;
	const struct users_part *y = &((const struct users_entry *)b)->login;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = strncasecmp(x->p, y->p, n);

	if (order == 0 && x->n != y->n)
		order = x->n < y->n ? -1 : 1;
	/* Of two that are the same, the later one is at fault. */
	return order != 0 ? order : x->p < y->p ? -1 : 1;
}

static int
refuse_twice(const struct users *u, unsigned *line, struct err *e)
{
	const struct users_entry *v = u->v;
	size_t i;

	for (i = 1; i < u->n; i++) {
		if (!users_is_same(&v[i - 1].login, v[i].login.p, v[i].login.n))
			continue;
		*line = v[i].line;
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%.*s stands on line %u already", (int)v[i].login.n,
		    v[i].login.p, v[i - 1].line);
	}
	return 0;
}

static int
add(struct users *u, const struct users_entry *one, struct err *e)
{
	if (u->n == USERS_MAX)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "there are more than %d logins", USERS_MAX);
	if ((u->n & (u->n - 1)) == 0)
		u->v = xreallocarray(
		    u->v, u->n == 0 ? 1 : u->n * 2, sizeof(*u->v));
	u->v[u->n++] = *one;
	return 0;
}

int
users_parse(
    struct users *u, const char *text, size_t n, unsigned *line, struct err *e)
{
	const char *p = text, *end = text + n, *stop;
	struct users_entry one;
	int rc = 0;

	*line = 0;
	while (rc != -1 && p < end) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		(*line)++;
		rc = users_parse_line(p, (size_t)(stop - p), &one, e);
		one.line = *line;
		if (rc == 1)
			rc = add(u, &one, e);
		p = stop + 1;
	}
	if (rc == 0 && u->n > 0) {
		qsort(u->v, u->n, sizeof(*u->v), by_login);
		rc = refuse_twice(u, line, e);
	}
	if (rc == 0)
		return 0;
	users_clear(u);
	return -1;
}

void
users_clear(struct users *u)
{
	free(u->v);
	memset(u, 0, sizeof(*u));
}

const struct users_entry *
users_find(const struct users *u, const char *login, size_t n)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		if (users_is_same(&u->v[i].login, login, n))
			return &u->v[i];
	return NULL;
}
