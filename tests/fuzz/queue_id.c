/* SPDX-License-Identifier: ISC */
/* Queue ids as people type them: what is taken is written the same way. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "queue/queue_id.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1), again[QUEUE_ID_TEXT];
	uint64_t id;

	assert(text != NULL);
	if (n > 0)
		memcpy(text, p, n);
	text[n] = '\0';
	if (queue_id_parse(text, &id) == 0) {
		assert(id > 0 && id <= QUEUE_ID_MAX);
		queue_id_format(id, again);
		assert(strcasecmp(text, again) == 0);
	}
	free(text);
	return 0;
}
