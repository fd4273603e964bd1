/* SPDX-License-Identifier: ISC */
/*
 * Version 1 of the submission contract, against what was stored of it: it must
 * be read, and written, octet for octet as it was, and take nothing that it did
 * not.  Whoever finds this test failing has changed what drop files and other
 * hosts' programs say: docs/protocol.md tells how a new version is made.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"

#define SPECIMEN_MAX (256 * 1024)

static void
load(const char *name, struct buf *b)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf(
	    "%s/tests/data/submit-1/%s", top == NULL ? "." : top, name);
	int fd = open(path, O_RDONLY);
	ssize_t n = -1;

	buf_init(b, SPECIMEN_MAX);
	if (fd != -1)
		n = read(fd, buf_reserve(b, SPECIMEN_MAX), SPECIMEN_MAX);
	if (n <= 0)
		fail_msg("cannot read %s", path);
	buf_grew(b, (size_t)n);
	close(fd);
	free(path);
}

static void
same(const struct buf *stored, const struct buf *now, const char *name)
{
	size_t i;

	for (i = 0; i < stored->len && i < now->len; i++)
		if (stored->data[i] != now->data[i])
			break;
	if (stored->len != now->len || i < stored->len)
		fail_msg(
		    "%s differs at octet %zu of %zu", name, i, stored->len);
}

/* Everything that a client says, one frame after the other. */
struct submission {
	uint64_t version;
	struct submit_head head;
	struct envelope env;
	struct buf body;
	uint64_t size;
};

static void
take(struct submission *s, const struct frame *f, const char *name)
{
	struct err e;
	int rc = -1;

	err_clear(&e);
	if (f->type == SUBMIT_ENVELOPE)
		rc = submit_get_envelope(f, &s->head, &s->env, &e);
	else if (f->type == SUBMIT_RCPTS)
		rc = submit_get_rcpts(f, &s->env, &e);
	else if (f->type == SUBMIT_DATA)
		rc = buf_append(&s->body, f->payload, f->len);
	else if (f->type == SUBMIT_END)
		rc = submit_get_end(f, &s->size, &e);
	if (rc == -1)
		fail_msg("%s: frame %u: %s", name, f->type, e.text);
}

static void
read_all(struct submission *s, const struct buf *b, const char *name)
{
	struct frame f;
	ssize_t n;
	size_t at;

	memset(s, 0, sizeof(*s));
	envelope_init(&s->env);
	buf_init(&s->body, SPECIMEN_MAX);
	n = drop_line_get(b->data, b->len, &s->version);
	assert_true(n > 0);
	for (at = (size_t)n; at < b->len; at += (size_t)n) {
		n = frame_parse(b->data + at, b->len - at, &f);
		assert_true(n > 0);
		take(s, &f, name);
	}
	assert_int_equal(s->version, 1);
	assert_int_equal(s->head.version, 1);
	assert_int_equal(s->size, s->body.len);
}

static void
write_all(const struct submission *s, struct buf *b)
{
	buf_init(b, SPECIMEN_MAX);
	assert_int_equal(drop_line_put(b, s->version), 0);
	assert_int_equal(submit_put_envelope(b, &s->head, &s->env), 0);
	if (s->body.len > 0)
		assert_int_equal(
		    frame_put_raw(b, SUBMIT_DATA, s->body.data, s->body.len),
		    0);
	assert_int_equal(submit_put_end(b, s->size), 0);
}

static void
drop_files_are_written_as_they_were(void **state)
{
	static const char *const names[] = { "small.drop", "eight-bit.drop",
		"many.drop", "dsn.drop", "local.drop", "null-sender.drop",
		"every-field.drop" };
	struct submission s;
	struct buf stored, now;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		load(names[i], &stored);
		read_all(&s, &stored, names[i]);
		write_all(&s, &now);
		same(&stored, &now, names[i]);
		envelope_clear(&s.env);
		buf_clear(&s.body);
		buf_clear(&stored);
		buf_clear(&now);
	}
}

/* What the fields of every-field.drop mean. */
static void
every_field_means_what_it_meant(void **state)
{
	static const char text[] = "Subject: every field\r\n\r\nhello\r\n";
	struct submission s;
	struct envelope *env = &s.env;
	struct buf stored;

	(void)state;
	load("every-field.drop", &stored);
	read_all(&s, &stored, "every-field.drop");
	assert_memory_equal(s.head.id, "0123456789abcdef", SUBMIT_ID_LEN);
	assert_int_equal(s.head.created_at, 1795935600);
	assert_string_equal(env->sender, "root");
	assert_true(env->sender_is_local);
	assert_int_equal(env->body, BODY_8BITMIME);
	assert_true(env->smtputf8);
	assert_int_equal(env->ret, RET_HDRS);
	assert_string_equal(env->envid, "QQ+2B314159");
	assert_string_equal(env->from, "gr\303\274n@example.com");
	assert_string_equal(env->message_id, "<1@web01.example.com>");
	assert_int_equal(env->nrcpts, 2);
	assert_string_equal(env->rcpts[0].address, "b\303\266b@example.com");
	assert_false(env->rcpts[0].is_local);
	assert_int_equal(env->rcpts[0].notify,
	    NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY);
	assert_string_equal(env->rcpts[0].orcpt, "rfc822;bob@example.com");
	assert_string_equal(env->rcpts[1].address, "root");
	assert_true(env->rcpts[1].is_local);
	assert_int_equal(env->rcpts[1].notify, NOTIFY_NEVER);
	assert_null(env->rcpts[1].orcpt);
	assert_int_equal(s.body.len, sizeof(text) - 1);
	assert_memory_equal(s.body.data, text, sizeof(text) - 1);
	envelope_clear(env);
	buf_clear(&s.body);
	buf_clear(&stored);
}

static struct frame
frame_of(const struct buf *b)
{
	struct frame f;

	assert_int_equal(frame_parse(b->data, b->len, &f), b->len);
	return f;
}

/* The newest version that a daemon takes is all that may change in it. */
static void
the_greeting_is_as_it_was(void **state)
{
	uint64_t version, size;
	struct buf stored, now;
	struct frame f;
	struct err e;

	(void)state;
	load("greeting", &stored);
	f = frame_of(&stored);
	assert_int_equal(submit_get_greeting(&f, &version, &size, &e), 0);
	assert_int_equal(version, 1);
	assert_int_equal(size, 35 * 1024 * 1024);
	buf_init(&now, SPECIMEN_MAX);
	assert_int_equal(submit_put_greeting(&now, size), 0);
	now.data[2 * FRAME_HEAD + 7] = 1;
	same(&stored, &now, "greeting");
	buf_clear(&stored);
	buf_clear(&now);
}

static void
answers_are_as_they_were(void **state)
{
	static const struct {
		const char *name;
		int rc;
		enum err_class class;
		const char *status;
	} answers[] = {
		{ "accepted", 0, ERR_NONE, "" },
		{ "refused-temporary", 1, ERR_TEMP, "4.3.1" },
		{ "refused-permanent", 1, ERR_PERM, "5.5.0" },
	};
	char id[QUEUE_ID_LEN + 1];
	struct buf stored, now;
	struct err why, e;
	struct frame f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		load(answers[i].name, &stored);
		f = frame_of(&stored);
		assert_int_equal(
		    submit_get_answer(&f, id, &why, &e), answers[i].rc);
		buf_init(&now, SPECIMEN_MAX);
		if (answers[i].rc == 0) {
			submit_put_accepted(&now, id);
		} else {
			assert_int_equal(why.class, answers[i].class);
			assert_string_equal(why.status, answers[i].status);
			submit_put_refused(&now, &why);
		}
		same(&stored, &now, answers[i].name);
		buf_clear(&stored);
		buf_clear(&now);
	}
}

/* ---- nothing that version 1 did not take ---- */

/* How a field's value must look to be taken. */
enum shape {
	NOT_TAKEN,
	TEXT,
	FLAG,
	NUMBER, /* up to most, and no more */
	ID
};

static const struct {
	enum shape in_envelope, in_rcpts;
	uint64_t most;
} fields[256] = {
	[3] = { .in_envelope = ID },
	[4] = { .in_envelope = NUMBER, .most = INT64_MAX },
	[5] = { .in_envelope = TEXT },
	[6] = { .in_envelope = FLAG },
	[7] = { .in_envelope = NUMBER, .most = 2 },
	[8] = { .in_envelope = FLAG },
	[9] = { .in_envelope = NUMBER, .most = 2 },
	[10] = { .in_envelope = TEXT },
	[11] = { .in_envelope = TEXT },
	[12] = { .in_envelope = TEXT },
	[13] = { .in_rcpts = TEXT },
	[14] = { .in_rcpts = FLAG },
	[15] = { .in_rcpts = NUMBER, .most = 15 },
	[16] = { .in_rcpts = TEXT },
};

static void
put_value(struct buf *b, uint8_t tag, enum shape shape, uint64_t number)
{
	if (shape == NUMBER)
		field_put_u64(b, tag, number);
	else if (shape == TEXT)
		field_put_str(b, tag, "x");
	else
		field_put(b, tag, "0123456789abcdef",
		    shape == ID ? SUBMIT_ID_LEN : 0);
}

/* A frame of version 1 with what it needs, and that field of that value. */
static bool
is_taken(uint8_t type, uint8_t tag, enum shape shape, uint64_t number)
{
	struct submit_head head;
	struct envelope env;
	struct frame f;
	struct buf b;
	struct err e;
	ssize_t start;
	int rc;

	buf_init(&b, FRAME_RECV_MAX);
	envelope_init(&env);
	start = frame_begin(&b, type);
	if (type == SUBMIT_ENVELOPE)
		field_put_u64(&b, 1, 1);
	if (type == SUBMIT_ENVELOPE && tag != 3)
		put_value(&b, 3, ID, 0);
	if (type == SUBMIT_ENVELOPE && tag != 4)
		put_value(&b, 4, NUMBER, 9);
	if (type == SUBMIT_ENVELOPE && tag != 5)
		put_value(&b, 5, TEXT, 0);
	if (type == SUBMIT_RCPTS)
		put_value(&b, 13, TEXT, 0);
	put_value(&b, tag, shape, number);
	frame_end(&b, start);
	f = frame_of(&b);
	rc = type == SUBMIT_ENVELOPE ? submit_get_envelope(&f, &head, &env, &e)
				     : submit_get_rcpts(&f, &env, &e);
	envelope_clear(&env);
	buf_clear(&b);
	return rc == 0;
}

static void
judge(uint8_t type, uint8_t tag, enum shape shape, uint64_t most)
{
	static const enum shape shapes[] = { TEXT, FLAG, NUMBER, ID };
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		/* Eight octets may be text, and so may an id. */
		if (shape == TEXT && shapes[i] != TEXT)
			continue;
		if (is_taken(type, tag, shapes[i], most) !=
		    (shapes[i] == shape))
			fail_msg("frame %u, field %u, shape %d", type, tag,
			    shapes[i]);
	}
	if (shape == NUMBER)
		assert_false(is_taken(type, tag, NUMBER, most + 1));
}

static void
nothing_else_is_taken(void **state)
{
	unsigned tag;

	(void)state;
	for (tag = 0; tag < 256; tag++) {
		judge(SUBMIT_ENVELOPE, (uint8_t)tag, fields[tag].in_envelope,
		    fields[tag].most);
		judge(SUBMIT_RCPTS, (uint8_t)tag, fields[tag].in_rcpts,
		    fields[tag].most);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_files_are_written_as_they_were),
		cmocka_unit_test(every_field_means_what_it_meant),
		cmocka_unit_test(the_greeting_is_as_it_was),
		cmocka_unit_test(answers_are_as_they_were),
		cmocka_unit_test(nothing_else_is_taken),
	};

	return cmocka_run_group_tests_name("submit_frozen", tests, NULL, NULL);
}
