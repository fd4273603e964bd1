/* SPDX-License-Identifier: ISC */
/*
 * A dialogue of AUTH, line by line: what comes out is a login and a password
 * that a checker takes, and nothing is left of what was refused.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/utf8.h"
#include "smtpd/auth.h"

#include "tests/fuzz/fuzz.h"

static void
check(const struct auth *a, enum auth_next next, const struct reply *r)
{
	static const struct auth nothing;

	switch (next) {
	case AUTH_MORE:
		assert(a->step != AUTH_IDLE && r->code == 334);
		break;
	case AUTH_READY:
		assert(a->step == AUTH_IDLE && !a->is_hopeless);
		assert(users_is_login(a->login, strlen(a->login)));
		assert(a->password[0] != '\0');
		assert(utf8_is_valid(a->password, strlen(a->password)));
		break;
	case AUTH_REFUSED:
		assert(r->code >= 500);
		assert(a->step == AUTH_IDLE && !a->is_hopeless);
		assert(memcmp(a->login, nothing.login, sizeof(a->login)) == 0);
		assert(memcmp(a->password, nothing.password,
			   sizeof(a->password)) == 0);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p, *stop;
	struct auth a;
	struct reply r;
	enum auth_next next;
	size_t line;

	memset(&a, 0, sizeof(a));
	for (; n > 0; text += line, n -= line) {
		stop = memchr(text, '\n', n);
		line = stop == NULL ? n : (size_t)(stop - text);
		next = a.step == AUTH_IDLE ? auth_begin(&a, text, line, &r)
					   : auth_line(&a, text, line, &r);
		check(&a, next, &r);
		if (line < n)
			line++;
	}
	auth_clear(&a);
	return 0;
}
