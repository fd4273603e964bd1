/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "queue/bounce.h"
#include "tests/unit/notice_rig.h"

void
notice_reject_all(struct office *o, uint64_t id)
{
	struct job *j = settle_try(o, id);
	size_t i;

	for (i = 0; i < j->nrcpts; i++)
		settle_answer(j, i, JOB_REJECTED, 550);
	settle_end(o, j, T0 + 5);
}

static void
last_id(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	(void)r;
	*(uint64_t *)arg = m->id;
}

/* The text of the newest message; for free(). */
char *
notice_newest(struct office *o)
{
	struct store_walk walk = { .max = 1000 };
	struct notice_made made[BOUNCE_MADE_MAX];
	struct buf whole, chunk;
	uint32_t seq = 0;
	uint64_t id = 0;

	assert_int_equal(
	    store_list(o->parts.store, &walk, last_id, &id, &o->e), 0);
	buf_init(&whole, 1024 * 1024);
	buf_init(&chunk, CHUNK_SIZE);
	while (store_chunk_get(o->parts.store, id, seq++, &chunk, &o->e) == 1)
		assert_int_equal(
		    buf_append(&whole, buf_data(&chunk), chunk.len), 0);
	buf_clear(&chunk);
	assert_true(bounce_made(o->parts.bounce, made) > 0);
	made[0] = made[bounce_made(o->parts.bounce, made) - 1];
	assert_int_equal(made[0].id, id);
	assert_int_equal(made[0].octets, whole.len);
	return buf_steal(&whole);
}

void
notice_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

void
notice_lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}
