/* SPDX-License-Identifier: ISC */
/* What stands in a stored message, slice by slice. */
#include "config.h"

#include "common/proto_job.h"
#include "queue/survey.h"

#define SLICE (1024 * 1024 / CHUNK_SIZE)

void
survey_init(struct survey *s)
{
	look_init(&s->look);
	s->next = 0;
}

bool
survey_slice(
    struct survey *s, struct store *store, const struct store_message *m)
{
	struct err e;
	unsigned i;

	if (m->size <= JOB_WHOLE_MAX)
		return false;
	for (i = 0; i < SLICE; i++)
		if (store_chunk_look(store, m->id, s->next++, &s->look, &e) !=
		    1) {
			look_end(&s->look);
			return false;
		}
	return true;
}
