/* SPDX-License-Identifier: ISC */
/* A network, from text and back: what is read is written so that it is read as
 * the same. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/network.h"
#include "common/xalloc.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = xstrndup((const char *)p, n);
	struct network one, again;
	char written[NETWORK_TEXT];

	if (network_parse(text, &one) == 0) {
		network_format(&one, written);
		assert(network_parse(written, &again) == 0);
		assert(memcmp(&one, &again, sizeof(one)) == 0);
	}
	free(text);
	return 0;
}
