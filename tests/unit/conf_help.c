/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/conf_help.h"

const struct conf_host web01 = { "web01", "contoso.com", "192.0.2.7" };

struct conf *
parse_as(const char *text, enum conf_use use, struct conf_problems *p)
{
	memset(p, 0, sizeof(*p));
	return conf_parse("f", text, strlen(text), use, &web01, p);
}

static void
print_problems(const struct conf_problems *p)
{
	size_t i;

	for (i = 0; i < p->errors.n; i++)
		print_error("%s\n", p->errors.v[i]);
	for (i = 0; i < p->warnings.n; i++)
		print_error("%s\n", p->warnings.v[i]);
}

struct conf *
good(const char *text)
{
	struct conf_problems p;
	struct conf *c = parse_as(text, CONF_FULL, &p);

	if (c == NULL || p.errors.n + p.warnings.n > 0) {
		print_error("in:\n%s\n", text);
		print_problems(&p);
	}
	assert_non_null(c);
	assert_int_equal(p.errors.n, 0);
	assert_int_equal(p.warnings.n, 0);
	return c;
}

bool
has(const struct strlist *l, const char *part)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strstr(l->v[i], part) != NULL)
			return true;
	return false;
}

static void
judge_each(const struct conf_case *v, size_t n, bool refused)
{
	struct conf_problems p;
	struct conf *c;
	size_t i;

	for (i = 0; i < n; i++) {
		c = parse_as(v[i].text, CONF_FULL, &p);
		if ((c == NULL) != refused ||
		    !has(refused ? &p.errors : &p.warnings, v[i].want)) {
			print_error(
			    "in:\n%s\nwant: %s\n", v[i].text, v[i].want);
			print_problems(&p);
			fail();
		}
		conf_free(c);
		conf_problems_clear(&p);
	}
}

void
refuses_each(const struct conf_case *v, size_t n)
{
	judge_each(v, n, true);
}

void
warns_of_each(const struct conf_case *v, size_t n)
{
	judge_each(v, n, false);
}
