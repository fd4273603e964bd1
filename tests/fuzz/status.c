/* SPDX-License-Identifier: ISC */
/*
 * A reply's text as it may come from any server: what is taken for a status
 * code begins it, has the reply's class, and has a sentence.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "mail/status.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = xstrndup((const char *)p, n);
	char out[ERR_STATUS_MAX];
	unsigned class;

	for (class = 0; class < 8; class ++) {
		if (status_parse(class * 100 + 50, text, out) == 0) {
			assert(strncmp(out, text, strlen(out)) == 0);
			assert((unsigned)(out[0] - '0') == class);
		} else
			assert(out[0] == '\0');
	}
	assert(status_text(text)[0] != '\0');
	status_class(text);
	free(text);
	return 0;
}
