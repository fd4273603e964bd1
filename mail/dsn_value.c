/* SPDX-License-Identifier: ISC */
/* What RFC 3461 knows as values, and nothing else. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "common/envelope.h"
#include "mail/chars.h"
#include "mail/dsn_value.h"

#define ENVID_MAX 100 /* RFC 3461 4.4 */
#define ORCPT_MAX 500 /* RFC 3461 4.2 */

static unsigned
word_bit(const char *p, size_t n)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = { { "success", NOTIFY_SUCCESS },
		{ "failure", NOTIFY_FAILURE }, { "delay", NOTIFY_DELAY } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == n &&
		    strncasecmp(p, words[i].word, n) == 0)
			return words[i].bit;
	return 0;
}

bool
dsn_value_notify(const char *value, unsigned *bits)
{
	unsigned all = 0, one;
	size_t n;

	if (strcasecmp(value, "never") == 0) {
		*bits = NOTIFY_NEVER;
		return true;
	}
	for (;; value += n + 1) {
		n = strcspn(value, ",");
		if ((one = word_bit(value, n)) == 0)
			return false;
		all |= one;
		if (value[n] == '\0')
			break;
	}
	*bits = all;
	return true;
}

/* RFC 3461 4: printable ASCII without "+" and "=", or "+" and two digits. */
static bool
is_xtext(const char *p)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || *p == '=')
			return false;
		if (*p != '+')
			continue;
		if (p[1] == '\0' || strchr(digits, p[1]) == NULL ||
		    p[2] == '\0' || strchr(digits, p[2]) == NULL)
			return false;
		p += 2;
	}
	return true;
}

bool
dsn_value_is_envid(const char *value)
{
	size_t n = strlen(value);

	return n > 0 && n <= ENVID_MAX && is_xtext(value);
}

bool
dsn_value_is_orcpt(const char *value)
{
	size_t type = 0;

	while (char_is_alnum(value[type]) || value[type] == '-')
		type++;
	return type > 0 && value[type] == ';' && value[type + 1] != '\0' &&
	       strlen(value) <= ORCPT_MAX && is_xtext(value + type + 1);
}
