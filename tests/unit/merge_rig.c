/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/bounce.h"
#include "tests/unit/merge_rig.h"

/* A notice about mail that was refused, as the rest of the queue makes it. */
uint64_t
merge_notice_of(struct office *o, struct office_mail mail)
{
	struct notice_made made[BOUNCE_MADE_MAX];

	if (mail.to[0] == NULL)
		mail.to[0] = "gone@example.com";
	notice_reject_all(o, office_post(o, mail));
	assert_int_equal(bounce_made(o->parts.bounce, made), 1);
	return made[0].id;
}

uint64_t
merge_notice(struct office *o)
{
	return merge_notice_of(o, (struct office_mail){ .uid = 1000 });
}

struct merge
merge_begin(struct office *o, uint64_t first)
{
	return (struct merge){ .conf = o->conf,
		.store = o->parts.store,
		.first = first,
		.now = T0 + 60 };
}

/* How many notices became a report. */
size_t
merge_now(struct office *o, uint64_t first)
{
	struct merge m = merge_begin(o, first);

	fixture_begin(o->parts.store);
	if (merge_work(&m, &o->e) == -1)
		fail_msg("%s", o->e.text);
	fixture_commit(o->parts.store);
	return m.ngone;
}

int64_t
merge_ask(struct office *o, const char *sql)
{
	char *path = xasprintf("%s/queue", o->directory);
	int64_t n = fixture_number(path, sql);

	free(path);
	return n;
}

void
merge_tamper(struct office *o, const char *sql)
{
	char *path = xasprintf("%s/queue", o->directory);

	fixture_tamper(path, sql);
	free(path);
}

/* The text of a message; for free(). */
char *
merge_text(struct office *o, uint64_t id)
{
	struct buf whole, chunk;
	uint32_t seq = 0;

	buf_init(&whole, 4 * 1024 * 1024);
	buf_init(&chunk, CHUNK_SIZE);
	while (store_chunk_get(o->parts.store, id, seq++, &chunk, &o->e) == 1)
		assert_int_equal(
		    buf_append(&whole, buf_data(&chunk), chunk.len), 0);
	buf_clear(&chunk);
	return buf_steal(&whole);
}
