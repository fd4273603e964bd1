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

#include "common/proto_submit.h"
#include "common/xalloc.h"

#define OUT_MAX (64 * 1024 * 1024)

static void
fill(struct submit_head *head, struct envelope *env)
{
	struct envelope_rcpt *r;

	memcpy(head->id, "0123456789abcdef", SUBMIT_ID_LEN);
	head->version = SUBMIT_VERSION;
	head->created_at = 1700000000;
	envelope_init(env);
	env->sender = xstrdup("root");
	env->sender_is_local = true;
	env->body = BODY_8BITMIME;
	env->smtputf8 = true;
	env->ret = RET_HDRS;
	env->envid = xstrdup("QQ+2B314159");
	env->from = xstrdup("root@web01.example.com");
	env->message_id = xstrdup("<1@web01.example.com>");
	r = envelope_add(env, "bob@example.com");
	r->notify = NOTIFY_FAILURE | NOTIFY_DELAY;
	r->orcpt = xstrdup("rfc822;bob@example.com");
	r = envelope_add(env, "root");
	r->is_local = true;
}

static struct frame
frame_at(const struct buf *b, size_t at)
{
	struct frame f;

	assert_true(frame_parse(b->data + at, b->len - at, &f) > 0);
	return f;
}

static void
an_envelope_comes_back_as_written(void **state)
{
	struct submit_head head, head2;
	struct envelope env, env2;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	fill(&head, &env);
	buf_init(&b, OUT_MAX);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	f = frame_at(&b, 0);
	envelope_init(&env2);
	assert_int_equal(submit_get_envelope(&f, &head2, &env2, &e), 0);
	f = frame_at(&b, f.len + FRAME_HEAD);
	assert_int_equal(submit_get_rcpts(&f, &env2, &e), 0);

	assert_memory_equal(head2.id, head.id, SUBMIT_ID_LEN);
	assert_int_equal(head2.created_at, head.created_at);
	assert_int_equal(head2.version, head.version);
	assert_string_equal(env2.sender, "root");
	assert_true(env2.sender_is_local);
	assert_int_equal(env2.body, BODY_8BITMIME);
	assert_true(env2.smtputf8);
	assert_int_equal(env2.ret, RET_HDRS);
	assert_string_equal(env2.envid, env.envid);
	assert_string_equal(env2.from, env.from);
	assert_string_equal(env2.message_id, env.message_id);
	assert_int_equal(env2.nrcpts, 2);
	assert_string_equal(env2.rcpts[0].address, "bob@example.com");
	assert_false(env2.rcpts[0].is_local);
	assert_int_equal(env2.rcpts[0].notify, NOTIFY_FAILURE | NOTIFY_DELAY);
	assert_string_equal(env2.rcpts[0].orcpt, "rfc822;bob@example.com");
	assert_string_equal(env2.rcpts[1].address, "root");
	assert_true(env2.rcpts[1].is_local);
	assert_int_equal(env2.rcpts[1].notify, 0);
	assert_null(env2.rcpts[1].orcpt);
	envelope_clear(&env);
	envelope_clear(&env2);
	buf_clear(&b);
}

/* What nobody said stays unsaid; the null sender is not an absent one. */
static void
the_smallest_envelope(void **state)
{
	struct submit_head head = { { 0 }, 0, SUBMIT_VERSION };
	struct envelope env, got;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("");
	buf_init(&b, OUT_MAX);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	f = frame_at(&b, 0);
	assert_int_equal(b.len, f.len + FRAME_HEAD);
	envelope_init(&got);
	assert_int_equal(submit_get_envelope(&f, &head, &got, &e), 0);
	assert_string_equal(got.sender, "");
	assert_false(got.sender_is_local);
	assert_int_equal(got.body, BODY_UNKNOWN);
	assert_int_equal(got.ret, RET_UNSET);
	assert_null(got.envid);
	assert_null(got.from);
	assert_null(got.message_id);
	envelope_clear(&env);
	envelope_clear(&got);
	buf_clear(&b);
}

static void
many_recipients_take_several_frames(void **state)
{
	struct submit_head head = { { 0 }, 0, SUBMIT_VERSION };
	struct envelope env, got;
	struct frame f;
	struct buf b;
	struct err e;
	char address[200];
	size_t i, at, frames = 0;

	(void)state;
	envelope_init(&env);
	env.sender = xstrdup("");
	for (i = 0; i < 5000; i++) {
		snprintf(address, sizeof(address), "%0150zu@example.com", i);
		envelope_add(&env, address);
	}
	buf_init(&b, OUT_MAX);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	f = frame_at(&b, 0);
	envelope_init(&got);
	for (at = f.len + FRAME_HEAD; at < b.len; at += f.len + FRAME_HEAD) {
		f = frame_at(&b, at);
		assert_int_equal(submit_get_rcpts(&f, &got, &e), 0);
		frames++;
	}
	assert_true(frames > 1);
	assert_int_equal(got.nrcpts, env.nrcpts);
	for (i = 0; i < env.nrcpts; i++)
		assert_string_equal(got.rcpts[i].address, env.rcpts[i].address);
	buf_truncate(&b, 0);
	b.max = 1000;
	assert_int_equal(submit_put_envelope(&b, &head, &env), -1);
	envelope_clear(&env);
	envelope_clear(&got);
	buf_clear(&b);
}

/* Frames of one's own making: fields as tag and value. */
struct raw_field {
	uint8_t tag;
	const char *text; /* NULL: number */
	size_t len;       /* of text; 0: strlen */
	uint64_t number;
};

#define NUM(tag, n) \
	{ \
		tag, NULL, 0, n \
	}
#define TXT(tag, s) \
	{ \
		tag, s, 0, 0 \
	}
#define RAW(tag, s, len) \
	{ \
		tag, s, len, 0 \
	}
#define FIELDS 8

static void
put_raw(struct buf *b, uint8_t type, const struct raw_field v[FIELDS])
{
	ssize_t start = frame_begin(b, type);
	size_t i;

	for (i = 0; i < FIELDS && v[i].tag != 0; i++) {
		if (v[i].text == NULL)
			field_put_u64(b, v[i].tag, v[i].number);
		else
			field_put(b, v[i].tag, v[i].text,
			    v[i].len == 0 ? strlen(v[i].text) : v[i].len);
	}
	frame_end(b, start);
}

#define ID      RAW(SF_ID, "0123456789abcdef", 16)
#define START   NUM(SF_VERSION, 1), ID, NUM(SF_CREATED, 9)
#define MINIMAL START, TXT(SF_SENDER, "a@b.example")
#define LONG64 \
	"0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name;
	uint8_t type;
	struct raw_field v[FIELDS];
	enum err_class class; /* ERR_NONE: taken */
} envelopes[] = {
	{ "minimal", SUBMIT_ENVELOPE, { MINIMAL }, ERR_NONE },
	{ "null sender", SUBMIT_ENVELOPE, { START, TXT(SF_SENDER, "") },
	    ERR_NONE },
	{ "utf-8", SUBMIT_ENVELOPE, { START, TXT(SF_SENDER, "\303\244@b") },
	    ERR_NONE },
	{ "254 octets", SUBMIT_ENVELOPE,
	    { START, RAW(SF_SENDER, LONG64 LONG64 LONG64 LONG64, 254) },
	    ERR_NONE },
	{ "wrong type", SUBMIT_RCPTS, { MINIMAL }, ERR_PERM },
	{ "nothing", SUBMIT_ENVELOPE, { { 0 } }, ERR_PERM },
	{ "newer version", SUBMIT_ENVELOPE,
	    { NUM(SF_VERSION, 2), TXT(200, "x") }, ERR_TEMP },
	{ "version 0", SUBMIT_ENVELOPE, { NUM(SF_VERSION, 0) }, ERR_PERM },
	{ "version as text", SUBMIT_ENVELOPE, { TXT(SF_VERSION, "1") },
	    ERR_PERM },
	{ "version not first", SUBMIT_ENVELOPE, { ID, NUM(SF_VERSION, 1) },
	    ERR_PERM },
	{ "version twice", SUBMIT_ENVELOPE, { MINIMAL, NUM(SF_VERSION, 1) },
	    ERR_PERM },
	{ "no id", SUBMIT_ENVELOPE,
	    { NUM(SF_VERSION, 1), NUM(SF_CREATED, 9), TXT(SF_SENDER, "") },
	    ERR_PERM },
	{ "no date", SUBMIT_ENVELOPE,
	    { NUM(SF_VERSION, 1), ID, TXT(SF_SENDER, "") }, ERR_PERM },
	{ "no sender", SUBMIT_ENVELOPE, { START }, ERR_PERM },
	{ "short id", SUBMIT_ENVELOPE,
	    { NUM(SF_VERSION, 1), TXT(SF_ID, "0123456789abcde") }, ERR_PERM },
	{ "sender twice", SUBMIT_ENVELOPE, { MINIMAL, TXT(SF_SENDER, "b") },
	    ERR_PERM },
	{ "255 octets", SUBMIT_ENVELOPE,
	    { START, RAW(SF_SENDER, LONG64 LONG64 LONG64 LONG64, 255) },
	    ERR_PERM },
	{ "newline", SUBMIT_ENVELOPE, { START, TXT(SF_SENDER, "a\n@b") },
	    ERR_PERM },
	{ "NUL", SUBMIT_ENVELOPE, { START, RAW(SF_SENDER, "a\0b", 3) },
	    ERR_PERM },
	{ "DEL in from", SUBMIT_ENVELOPE, { MINIMAL, TXT(SF_FROM, "\177") },
	    ERR_PERM },
	{ "body 9", SUBMIT_ENVELOPE, { MINIMAL, NUM(SF_BODY, 9) }, ERR_PERM },
	{ "ret 9", SUBMIT_ENVELOPE, { MINIMAL, NUM(SF_RET, 9) }, ERR_PERM },
	{ "date of the far future", SUBMIT_ENVELOPE,
	    { NUM(SF_VERSION, 1), ID, NUM(SF_CREATED, UINT64_MAX) }, ERR_PERM },
	{ "flag with a value", SUBMIT_ENVELOPE,
	    { MINIMAL, TXT(SF_SMTPUTF8, "x") }, ERR_PERM },
	{ "unknown field", SUBMIT_ENVELOPE, { MINIMAL, TXT(99, "x") },
	    ERR_PERM },
	{ "tag beyond the mask", SUBMIT_ENVELOPE, { MINIMAL, TXT(255, "x") },
	    ERR_PERM },
	{ "recipient in it", SUBMIT_ENVELOPE, { MINIMAL, TXT(SF_RCPT, "x") },
	    ERR_PERM },
};

static void
envelopes_are_judged(void **state)
{
	struct submit_head head;
	struct envelope env;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
		buf_truncate(&b, 0);
		put_raw(&b, envelopes[i].type, envelopes[i].v);
		f = frame_at(&b, 0);
		err_clear(&e);
		envelope_init(&env);
		submit_get_envelope(&f, &head, &env, &e);
		if (e.class != envelopes[i].class)
			fail_msg("%s: got %d %s, expected %d",
			    envelopes[i].name, e.class, e.text,
			    envelopes[i].class);
		envelope_clear(&env);
	}
	buf_clear(&b);
}

static const struct {
	const char *name;
	struct raw_field v[FIELDS];
	size_t taken; /* recipients; 0: refused */
} rcpts[] = {
	{ "two", { TXT(SF_RCPT, "a@b"), TXT(SF_RCPT, "c") }, 2 },
	{ "same fields for each",
	    { TXT(SF_RCPT, "a"), RAW(SF_RCPT_LOCAL, "", 0), TXT(SF_RCPT, "b"),
		RAW(SF_RCPT_LOCAL, "", 0) },
	    2 },
	{ "empty", { TXT(SF_RCPT, "") }, 0 },
	{ "control", { TXT(SF_RCPT, "a\r@b") }, 0 },
	{ "flag before any", { RAW(SF_RCPT_LOCAL, "", 0) }, 0 },
	{ "flag twice",
	    { TXT(SF_RCPT, "a"), RAW(SF_RCPT_LOCAL, "", 0),
		RAW(SF_RCPT_LOCAL, "", 0) },
	    0 },
	{ "notify 16", { TXT(SF_RCPT, "a"), NUM(SF_RCPT_NOTIFY, 16) }, 0 },
	{ "tab in orcpt", { TXT(SF_RCPT, "a"), TXT(SF_RCPT_ORCPT, "\t") }, 0 },
	{ "sender among them", { TXT(SF_RCPT, "a"), TXT(SF_SENDER, "b") }, 0 },
};

static void
recipients_are_judged(void **state)
{
	struct envelope env;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		buf_truncate(&b, 0);
		put_raw(&b, SUBMIT_RCPTS, rcpts[i].v);
		f = frame_at(&b, 0);
		envelope_init(&env);
		rc = submit_get_rcpts(&f, &env, &e);
		if (rc != (rcpts[i].taken == 0 ? -1 : 0) ||
		    (rc == 0 && env.nrcpts != rcpts[i].taken))
			fail_msg("%s: %d", rcpts[i].name, rc);
		envelope_clear(&env);
	}
	buf_clear(&b);
}

static void
too_many_recipients_are_refused(void **state)
{
	const struct raw_field one[FIELDS] = { TXT(SF_RCPT, "a") };
	struct envelope env;
	struct frame f;
	struct buf b;
	struct err e;
	size_t i;

	(void)state;
	buf_init(&b, OUT_MAX);
	put_raw(&b, SUBMIT_RCPTS, one);
	f = frame_at(&b, 0);
	envelope_init(&env);
	for (i = 0; i < SUBMIT_RCPTS_MAX; i++)
		assert_int_equal(submit_get_rcpts(&f, &env, &e), 0);
	assert_int_equal(submit_get_rcpts(&f, &env, &e), -1);
	assert_string_equal(e.status, "5.5.3");
	envelope_clear(&env);
	buf_clear(&b);
}

static void
greeting_and_end(void **state)
{
	const struct raw_field newer[FIELDS] = { NUM(SF_VERSION, 7),
		NUM(SF_SIZE_MAX, 5), TXT(99, "later") };
	const struct raw_field empty[FIELDS] = { { 0 } };
	uint64_t version, size;
	struct frame f;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, OUT_MAX);
	submit_put_greeting(&b, 1000);
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_greeting(&f, &version, &size, &e), 0);
	assert_int_equal(version, SUBMIT_VERSION);
	assert_int_equal(size, 1000);
	assert_int_equal(submit_get_end(&f, &size, &e), -1);

	buf_truncate(&b, 0);
	put_raw(&b, SUBMIT_GREETING, newer);
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_greeting(&f, &version, &size, &e), 0);
	assert_int_equal(version, 7);

	buf_truncate(&b, 0);
	submit_put_end(&b, 77);
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_end(&f, &size, &e), 0);
	assert_int_equal(size, 77);
	assert_int_equal(submit_get_greeting(&f, &version, &size, &e), -1);

	buf_truncate(&b, 0);
	put_raw(&b, SUBMIT_END, empty);
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_end(&f, &size, &e), -1);
	buf_clear(&b);
}

static void
answers(void **state)
{
	char id[QUEUE_ID_LEN + 1];
	struct err why, got, e;
	struct frame f;
	struct buf b;

	(void)state;
	buf_init(&b, OUT_MAX);
	submit_put_accepted(&b, "0193A0B1C2D3");
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_answer(&f, id, &got, &e), 0);
	assert_string_equal(id, "0193A0B1C2D3");

	buf_truncate(&b, 0);
	err_set(&why, ERR_TEMP, "4.3.1", "the disk\nis full");
	submit_put_refused(&b, &why);
	f = frame_at(&b, 0);
	assert_int_equal(submit_get_answer(&f, id, &got, &e), 1);
	assert_int_equal(got.class, ERR_TEMP);
	assert_string_equal(got.status, "4.3.1");
	assert_string_equal(got.text, "the disk is full");
	buf_clear(&b);
}

static const struct {
	const char *name;
	uint8_t type;
	struct raw_field v[FIELDS];
} bad_answers[] = {
	{ "no id", SUBMIT_ACCEPTED, { { 0 } } },
	{ "short id", SUBMIT_ACCEPTED, { TXT(SF_QUEUE_ID, "0193A0B1C2D") } },
	{ "lower case", SUBMIT_ACCEPTED, { TXT(SF_QUEUE_ID, "0193a0b1c2d3") } },
	{ "NUL in it", SUBMIT_ACCEPTED,
	    { RAW(SF_QUEUE_ID, "0193A0B1C2\0D", 12) } },
	{ "more", SUBMIT_ACCEPTED,
	    { TXT(SF_QUEUE_ID, "0193A0B1C2D3"), TXT(SF_TEXT, "x") } },
	{ "no class", SUBMIT_REFUSED, { TXT(SF_TEXT, "x") } },
	{ "class none", SUBMIT_REFUSED, { NUM(SF_CLASS, 0) } },
	{ "class 4", SUBMIT_REFUSED, { NUM(SF_CLASS, 4) } },
	{ "no text", SUBMIT_REFUSED,
	    { NUM(SF_CLASS, 1), TXT(SF_STATUS, "4.0.0") } },
	{ "long status", SUBMIT_REFUSED,
	    { NUM(SF_CLASS, 1), TXT(SF_STATUS, "4.0.0.0.0.0.0"),
		TXT(SF_TEXT, "x") } },
	{ "escape", SUBMIT_REFUSED,
	    { NUM(SF_CLASS, 1), TXT(SF_STATUS, "4.0.0"),
		TXT(SF_TEXT, "\033[2J") } },
	{ "neither", SUBMIT_END, { NUM(SF_SIZE, 1) } },
};

static void
answers_that_are_none(void **state)
{
	char id[QUEUE_ID_LEN + 1];
	struct err why, e;
	struct frame f;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, OUT_MAX);
	for (i = 0; i < sizeof(bad_answers) / sizeof(bad_answers[0]); i++) {
		buf_truncate(&b, 0);
		put_raw(&b, bad_answers[i].type, bad_answers[i].v);
		f = frame_at(&b, 0);
		if (submit_get_answer(&f, id, &why, &e) != -1)
			fail_msg("%s was taken", bad_answers[i].name);
	}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_envelope_comes_back_as_written),
		cmocka_unit_test(the_smallest_envelope),
		cmocka_unit_test(many_recipients_take_several_frames),
		cmocka_unit_test(envelopes_are_judged),
		cmocka_unit_test(recipients_are_judged),
		cmocka_unit_test(too_many_recipients_are_refused),
		cmocka_unit_test(greeting_and_end),
		cmocka_unit_test(answers),
		cmocka_unit_test(answers_that_are_none),
	};

	return cmocka_run_group_tests_name("proto_submit", tests, NULL, NULL);
}
