/* SPDX-License-Identifier: ISC */
/* Addresses out of a configuration. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/url.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = strndup((const char *)p, n);
	struct url u;

	if (url_parse(text, &u, NULL) == 0) {
		assert(
		    u.host[0] != '\0' && strpbrk(u.host, "/@[]\r\n ") == NULL);
		assert(u.port >= 1 && u.port <= 65535);
		assert(u.path >= text && u.path <= text + strlen(text));
		assert(u.path[0] == '\0' || strchr("/?", u.path[0]) != NULL);
		assert(u.is_ipv6 == (strchr(u.host, ':') != NULL));
	}
	free(text);
	return 0;
}
