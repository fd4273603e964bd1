/* SPDX-License-Identifier: ISC */
/*
 * A users' file of any octets: what is taken lies in the text, is found again
 * by its login, and stays what it is when another line is changed.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/users.h"

#include "tests/fuzz/fuzz.h"

static void
inside(const struct users_part *part, const char *text, size_t n)
{
	assert(part->p >= text && part->p + part->n <= text + n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p;
	struct users u = { NULL, 0 };
	const struct users_entry *one;
	unsigned line;
	struct err e;
	size_t i;

	if (users_parse(&u, text, n, &line, &e) == -1) {
		assert(u.v == NULL && e.text[0] != '\0');
		return 0;
	}
	for (i = 0; i < u.n; i++) {
		one = &u.v[i];
		inside(&one->login, text, n);
		inside(&one->hash, text, n);
		assert(users_is_login(one->login.p, one->login.n));
		assert(memchr(one->hash.p, ':', one->hash.n) == NULL);
		if (one->senders.p != NULL)
			inside(&one->senders, text, n);
		assert(users_find(&u, one->login.p, one->login.n) == one);
		assert(one->line > 0 && one->line <= line);
	}
	users_clear(&u);
	return 0;
}
