/* SPDX-License-Identifier: ISC */
/* Queue ids as text.  Where they come from is store_next_id's matter. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "queue/queue_id.h"

void
queue_id_format(uint64_t id, char out[QUEUE_ID_TEXT])
{
	snprintf(out, QUEUE_ID_TEXT, "%012" PRIX64, id & QUEUE_ID_MAX);
}

int
queue_id_parse(const char *text, uint64_t *id)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p, *digit;
	uint64_t n = 0;

	if (strlen(text) != QUEUE_ID_TEXT - 1)
		return -1;
	for (p = text; *p != '\0'; p++) {
		digit = strchr(digits, toupper((unsigned char)*p));
		if (digit == NULL)
			return -1;
		n = n << 4 | (uint64_t)(digit - digits);
	}
	if (n == 0)
		return -1;
	*id = n;
	return 0;
}
