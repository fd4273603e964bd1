/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/unit/admit_rig.h"

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	struct parcel *p = arg;

	assert_false(p->has_ended);
	p->has_ended = true;
	p->id = queue_id;
	if (why != NULL)
		p->why = *why;
	else
		err_clear(&p->why);
	admission_drop(p->m);
	p->m = NULL;
}

static void
on_room(void *arg)
{
	struct parcel *p = arg;

	p->rooms++;
}

void
to(struct envelope *env, const char *sender, const char *rcpt)
{
	envelope_init(env);
	env->sender = xstrdup(sender);
	if (rcpt != NULL)
		envelope_add(env, rcpt);
}

int
begin(struct office *o, struct parcel *p, uid_t uid, uint8_t number,
    struct envelope *env)
{
	struct admission_caller caller = { uid, on_end, on_room, p, NULL };
	struct submit_head head = { .id = { number } };

	memset(p, 0, sizeof(*p));
	err_clear(&o->e);
	p->m = admission_new(o->parts.admit, &caller, &head, env, &o->e);
	/* Its contents were moved, whatever became of it. */
	assert_null(env->sender);
	return p->m == NULL ? -1 : 0;
}

void
begin_plain(struct office *o, struct parcel *p, uint8_t number)
{
	struct envelope env;

	to(&env, "sender@example.com", "r@example.com");
	if (begin(o, p, UID, number, &env) == -1)
		fail_msg("%s", o->e.text);
}

void
data(struct office *o, struct parcel *p, const char *text, size_t n)
{
	if (admission_data(p->m, text, n, &o->e) == -1)
		fail_msg("%s", o->e.text);
}

void
finish(struct office *o, struct parcel *p, uint64_t size)
{
	if (admission_finish(p->m, size, &o->e) == -1)
		fail_msg("%s", o->e.text);
	/* Never from the call itself: only the commit is a promise. */
	assert_false(p->has_ended);
	office_run(o);
	assert_true(p->has_ended);
}

void
refused(struct office *o, enum err_class class, const char *status)
{
	assert_int_equal(o->e.class, class);
	assert_string_equal(o->e.status, status);
}

/* The whole message as it lies in the store; for free(). */
char *
stored(struct office *o, uint64_t id, size_t *n)
{
	struct buf whole, chunk;
	uint32_t seq = 0;

	buf_init(&whole, 8 * MIB);
	buf_init(&chunk, CHUNK_SIZE);
	while (store_chunk_get(o->parts.store, id, seq++, &chunk, &o->e) == 1)
		assert_int_equal(
		    buf_append(&whole, buf_data(&chunk), chunk.len), 0);
	buf_clear(&chunk);
	if (n != NULL)
		*n = whole.len;
	return buf_steal(&whole);
}
