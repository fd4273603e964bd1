/* SPDX-License-Identifier: ISC */
/* The beginning of a submission, the same for all that submit. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mail/stamp.h"

void
stamp_make(struct stamp *s, const uint8_t random[STAMP_RANDOM], int64_t now,
    int offset_min, const char *hostname, struct completion *with)
{
	memcpy(s->head.id, random, SUBMIT_ID_LEN);
	s->head.created_at = now;
	s->head.version = SUBMIT_VERSION;
	date_format(s->date, now, offset_min);
	s->message_id = msgid_make(random + SUBMIT_ID_LEN, now, hostname);
	with->date = s->date;
	with->message_id = s->message_id;
}

void
stamp_clear(struct stamp *s)
{
	free(s->message_id);
	memset(s, 0, sizeof(*s));
}
