/* SPDX-License-Identifier: ISC */
/* Lines of a reply from a hostile server. */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "mail/reply.h"

#include "tests/fuzz/fuzz.h"

static void
check(const struct reply *r)
{
	const char *p;

	assert(r->code >= 200 && r->code <= 599);
	assert(r->lines >= 1 && r->lines <= REPLY_LINES_MAX);
	assert(r->text.len <= REPLY_MAX);
	for (p = buf_data(&r->text); *p != '\0'; p++)
		assert(*p == '\n' || !iscntrl((unsigned char)*p));
	assert(r->status[0] == '\0' ||
	       (unsigned)(r->status[0] - '0') == reply_class(r));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *at = (const char *)p, *end = at + n, *eol;
	char line[64];
	struct reply r;
	int got;

	reply_init(&r);
	for (; at < end; at = eol + 1) {
		if ((eol = memchr(at, '\n', (size_t)(end - at))) == NULL)
			eol = end;
		got = reply_parse_line(&r, at, (size_t)(eol - at), NULL);
		if (got == -1)
			break;
		check(&r);
		reply_format(&r, line, sizeof(line));
		assert(strlen(line) < sizeof(line));
		assert(strchr(line, '\n') == NULL);
		if (got == 1)
			reply_reset(&r);
	}
	reply_clear(&r);
	return 0;
}
