/* SPDX-License-Identifier: ISC */
/* Hosts of a configuration. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/resolve.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = strndup((const char *)p, n);
	struct host h;

	assert(text != NULL);
	if (host_parse(text, 587, &h, NULL) == 0) {
		assert(h.port >= 1 && h.port <= 65535);
		assert(h.name[0] != '\0');
		assert(strpbrk(h.name, " /\r\n[]@") == NULL);
	}
	free(text);
	return 0;
}
