/* SPDX-License-Identifier: ISC */
/*
 * A configuration file.  Promises: the front end always gets one, a full one
 * comes with no error or not at all, and what it shows of itself it can read
 * again as the same.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/buf.h"
#include "common/conf.h"

#include "tests/fuzz/fuzz.h"

static const struct conf_host host = { "host", "example.com", "192.0.2.1" };

struct text {
	struct buf b;
	char section[128];
	size_t shown;
};

static void
write_option(void *arg, const char *section, const char *name,
    const char *value, const char *origin)
{
	struct text *t = arg;

	(void)origin;
	if (strcmp(section, t->section) != 0) {
		strlcpy(t->section, section, sizeof(t->section));
		buf_printf(&t->b, "[%s]\n", section);
	}
	buf_printf(&t->b, "%s = %s\n", name, value);
	t->shown++;
}

/*
 */
static void
again(const struct conf *c)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct text first = { .shown = 0 }, second = { .shown = 0 };
	struct conf *d;

	buf_init(&first.b, 4 << 20);
	buf_init(&second.b, 4 << 20);
	conf_each(c, write_option, &first);
	d = conf_parse(
	    "again", buf_data(&first.b), first.b.len, CONF_FRONT, &host, &p);
	assert(d != NULL);
	assert(p.errors.n == 0);
	assert(strcmp(d->local.hostname, c->local.hostname) == 0);
	assert(strcmp(d->local.domain, c->local.domain) == 0);
	assert(d->queue.lifetime_s == c->queue.lifetime_s);
	assert(d->queue.message_size_max == c->queue.message_size_max);
	assert(d->queue.nretry == c->queue.nretry);
	conf_free(d);
	conf_problems_clear(&p);
	buf_clear(&first.b);
	buf_clear(&second.b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct conf_problems problems = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c;

	c = conf_parse("fuzz", (const char *)p, n, CONF_FULL, &host, &problems);
	assert((c == NULL) == (problems.errors.n > 0));
	if (c != NULL)
		again(c);
	conf_free(c);
	conf_problems_clear(&problems);

	c = conf_parse(
	    "fuzz", (const char *)p, n, CONF_FRONT, &host, &problems);
	assert(c != NULL);
	assert(c->naccounts == 0);
	again(c);
	conf_free(c);
	conf_problems_clear(&problems);
	return 0;
}
