/* SPDX-License-Identifier: ISC */
/*
 * The submission contract as bytes.  The reading half meets frames made by
 * hostile clients and by whoever can write into the drop folder: it takes no
 * field it does not know, none twice, and no string with a control byte, so
 * that everything behind it may print and log what it is given.  Fuzzed by
 * tests/fuzz/submit.c.
 */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_authors.h"
#include "common/proto_submit.h"

#define SEEN(tag) (UINT32_C(1) << (tag))

static int
malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_PERM, "5.5.0",
	    "the submission is malformed: %s; are sendmail and mailchuted of "
	    "the same version?",
	    what);
}

/* ---- writing ---- */

/* A string that may be absent. */
static int
put_optional(struct buf *b, uint8_t tag, const char *s)
{
	return s == NULL ? 0 : field_put_str(b, tag, s);
}

/* A number of which 0 means that nothing was said. */
static int
put_nonzero(struct buf *b, uint8_t tag, uint64_t v)
{
	return v == 0 ? 0 : field_put_u64(b, tag, v);
}

/* A fact that its field states by being there. */
static int
put_flag(struct buf *b, uint8_t tag, bool is_set)
{
	return is_set ? field_put(b, tag, "", 0) : 0;
}

static int
put_rcpt(struct buf *b, const struct envelope_rcpt *r)
{
	if (field_put_str(b, SF_RCPT, r->address) == -1 ||
	    put_flag(b, SF_RCPT_LOCAL, r->is_local) == -1 ||
	    put_nonzero(b, SF_RCPT_NOTIFY, r->notify) == -1 ||
	    put_optional(b, SF_RCPT_ORCPT, r->orcpt) == -1)
		return -1;
	return 0;
}

/* Octets that put_rcpt takes at most. */
static size_t
rcpt_octets(const struct envelope_rcpt *r)
{
	size_t n = 4 * FRAME_HEAD + 8 + strlen(r->address);

	return r->orcpt == NULL ? n : n + strlen(r->orcpt);
}

/* As many frames as it takes: each is filled as far as FRAME_MAX allows. */
static int
put_rcpts(struct buf *b, const struct envelope *env)
{
	ssize_t start = -1;
	size_t i;

	for (i = 0; i < env->nrcpts; i++) {
		if (start != -1 && b->len - (size_t)start - FRAME_HEAD +
					   rcpt_octets(&env->rcpts[i]) >
				       FRAME_MAX) {
			if (frame_end(b, start) == -1)
				return -1;
			start = -1;
		}
		if (start == -1 && (start = frame_begin(b, SUBMIT_RCPTS)) == -1)
			return -1;
		if (put_rcpt(b, &env->rcpts[i]) == -1)
			return -1;
	}
	return start == -1 ? 0 : frame_end(b, start);
}

int
submit_put_envelope(
    struct buf *b, const struct submit_head *head, const struct envelope *env)
{
	ssize_t start = frame_begin(b, SUBMIT_ENVELOPE);

	if (start == -1 || field_put_u64(b, SF_VERSION, head->version) == -1 ||
	    field_put(b, SF_ID, head->id, SUBMIT_ID_LEN) == -1 ||
	    field_put_u64(b, SF_CREATED, (uint64_t)head->created_at) == -1 ||
	    field_put_str(b, SF_SENDER, env->sender) == -1 ||
	    put_flag(b, SF_SENDER_LOCAL, env->sender_is_local) == -1 ||
	    put_nonzero(b, SF_BODY, env->body) == -1 ||
	    put_flag(b, SF_SMTPUTF8, env->smtputf8) == -1 ||
	    put_nonzero(b, SF_RET, env->ret) == -1 ||
	    put_optional(b, SF_ENVID, env->envid) == -1 ||
	    put_optional(b, SF_FROM, env->from) == -1 ||
	    put_optional(b, SF_MESSAGE_ID, env->message_id) == -1 ||
	    frame_end(b, start) == -1 || authors_put(b, &env->authors) == -1)
		return -1;
	return put_rcpts(b, env);
}

int
submit_put_greeting(struct buf *b, uint64_t size_max)
{
	ssize_t start = frame_begin(b, SUBMIT_GREETING);

	if (start == -1 || field_put_u64(b, SF_VERSION, SUBMIT_VERSION) == -1 ||
	    field_put_u64(b, SF_SIZE_MAX, size_max) == -1)
		return -1;
	return frame_end(b, start);
}

int
submit_put_end(struct buf *b, uint64_t size)
{
	ssize_t start = frame_begin(b, SUBMIT_END);

	if (start == -1 || field_put_u64(b, SF_SIZE, size) == -1)
		return -1;
	return frame_end(b, start);
}

int
submit_put_accepted(struct buf *b, const char *queue_id)
{
	ssize_t start = frame_begin(b, SUBMIT_ACCEPTED);

	if (start == -1 || field_put_str(b, SF_QUEUE_ID, queue_id) == -1)
		return -1;
	return frame_end(b, start);
}

int
submit_put_refused(struct buf *b, const struct err *why)
{
	ssize_t start = frame_begin(b, SUBMIT_REFUSED);
	char text[ERR_TEXT_MAX];
	size_t i;

	/* The reader takes no control bytes, and a reason may quote some. */
	for (i = 0; i < sizeof(text) - 1 && why->text[i] != '\0'; i++) {
		text[i] = why->text[i];
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
	}
	text[i] = '\0';
	if (start == -1 || field_put_u64(b, SF_CLASS, why->class) == -1 ||
	    field_put_str(b, SF_STATUS, why->status) == -1 ||
	    field_put_str(b, SF_TEXT, text) == -1)
		return -1;
	return frame_end(b, start);
}

/* ---- reading ---- */

/* A number within [0, max]. */
static int
get_number(const struct field *f, uint64_t max, uint64_t *v, struct err *e)
{
	if (field_u64(f, v) == -1 || *v > max)
		return malformed(e, "a number is out of range");
	return 0;
}

/* Text of at most max octets without control bytes, allocated into *out. */
static int
get_text(const struct field *f, size_t max, char **out, struct err *e)
{
	size_t i;

	if (f->len > max)
		return malformed(e, "a text is too long");
	for (i = 0; i < f->len; i++)
		if (f->value[i] < 0x20 || f->value[i] == 0x7f)
			return malformed(e, "a text holds a control character");
	*out = field_str(f);
	return 0;
}

static int
get_flag(const struct field *f, bool *is_set, struct err *e)
{
	if (f->len != 0)
		return malformed(e, "a flag has a value");
	*is_set = true;
	return 0;
}

/*
 * The next field of a frame that holds each field once at most: 1 with its
 * tag added to *seen, 0 at the end.
 */
static int
next_once(struct field_walk *w, struct field *f, uint32_t *seen, struct err *e)
{
	int n = field_next(w, f);

	if (n == -1)
		return malformed(e, "a field is longer than its frame");
	if (n == 0)
		return 0;
	if (f->tag == 0 || f->tag > SF_TEXT)
		return malformed(e, "a field is not known");
	if ((*seen & SEEN(f->tag)) != 0)
		return malformed(e, "a field comes twice");
	*seen |= SEEN(f->tag);
	return 1;
}

static int
has_type(const struct frame *f, uint8_t type, struct err *e)
{
	return f->type == type ? 0 : malformed(e, "a frame is out of order");
}

/*
 * The version comes first, so that what a newer program says is put off and
 * not refused for a field that only it knows.
 */
static int
get_version(struct field_walk *w, uint64_t *v, struct err *e)
{
	struct field f;

	if (field_next(w, &f) != 1 || f.tag != SF_VERSION)
		return malformed(e, "it does not start with its version");
	if (get_number(&f, UINT64_MAX, v, e) == -1)
		return -1;
	if (*v > SUBMIT_VERSION)
		return err_set(e, ERR_TEMP, "4.5.0",
		    "the submission has version %llu and this mailchuted "
		    "knows %d; restart mailchuted after the upgrade",
		    (unsigned long long)*v, SUBMIT_VERSION);
	if (*v < SUBMIT_VERSION_MIN)
		return malformed(e, "its version is not taken any more");
	return 0;
}

static int
get_envelope_field(const struct field *f, struct submit_head *head,
    struct envelope *env, struct err *e)
{
	uint64_t v;

	switch (f->tag) {
	case SF_ID:
		if (f->len != SUBMIT_ID_LEN)
			return malformed(e, "its id has a wrong length");
		memcpy(head->id, f->value, SUBMIT_ID_LEN);
		return 0;
	case SF_CREATED:
		if (get_number(f, INT64_MAX, &v, e) == -1)
			return -1;
		head->created_at = (int64_t)v;
		return 0;
	case SF_SENDER:
		return get_text(f, SUBMIT_ADDRESS_MAX, &env->sender, e);
	case SF_SENDER_LOCAL:
		return get_flag(f, &env->sender_is_local, e);
	case SF_BODY:
		if (get_number(f, BODY_8BITMIME, &v, e) == -1)
			return -1;
		env->body = (enum body_type)v;
		return 0;
	case SF_SMTPUTF8:
		return get_flag(f, &env->smtputf8, e);
	case SF_RET:
		if (get_number(f, RET_HDRS, &v, e) == -1)
			return -1;
		env->ret = (enum dsn_ret)v;
		return 0;
	case SF_ENVID:
		return get_text(f, SUBMIT_TEXT_MAX, &env->envid, e);
	case SF_FROM:
		return get_text(f, SUBMIT_TEXT_MAX, &env->from, e);
	case SF_MESSAGE_ID:
		return get_text(f, SUBMIT_TEXT_MAX, &env->message_id, e);
	default:
		return malformed(e, "a field is out of place");
	}
}

int
submit_get_envelope(const struct frame *f, struct submit_head *head,
    struct envelope *env, struct err *e)
{
	const uint32_t need = SEEN(SF_ID) | SEEN(SF_CREATED) | SEEN(SF_SENDER);
	struct field_walk w;
	struct field field;
	uint32_t seen = SEEN(SF_VERSION);
	int n;

	if (has_type(f, SUBMIT_ENVELOPE, e) == -1)
		return -1;
	field_walk_init(&w, f);
	if (get_version(&w, &head->version, e) == -1)
		return -1;
	while ((n = next_once(&w, &field, &seen, e)) == 1)
		if (get_envelope_field(&field, head, env, e) == -1)
			return -1;
	if (n == -1)
		return -1;
	if ((seen & need) != need)
		return malformed(e, "it lacks its id, date or sender");
	return 0;
}

/* A field that belongs to the recipient r before it. */
static int
get_rcpt_field(const struct field *f, struct envelope_rcpt *r, struct err *e)
{
	const uint64_t all =
	    NOTIFY_NEVER | NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY;
	uint64_t v;

	switch (f->tag) {
	case SF_RCPT_LOCAL:
		return get_flag(f, &r->is_local, e);
	case SF_RCPT_NOTIFY:
		if (get_number(f, all, &v, e) == -1)
			return -1;
		r->notify = (unsigned)v;
		return 0;
	case SF_RCPT_ORCPT:
		return get_text(f, SUBMIT_TEXT_MAX, &r->orcpt, e);
	default:
		return malformed(e, "a field is out of place");
	}
}

/* The new recipient, or NULL. */
static struct envelope_rcpt *
get_rcpt(const struct field *f, struct envelope *env, struct err *e)
{
	struct envelope_rcpt *r;
	char *address;

	if (env->nrcpts == SUBMIT_RCPTS_MAX) {
		err_set(e, ERR_PERM, "5.5.3",
		    "more than %d recipients; send the message in parts",
		    SUBMIT_RCPTS_MAX);
		return NULL;
	}
	if (f->len == 0) {
		malformed(e, "a recipient is empty");
		return NULL;
	}
	if (get_text(f, SUBMIT_ADDRESS_MAX, &address, e) == -1)
		return NULL;
	r = envelope_add(env, address);
	free(address);
	return r;
}

int
submit_get_rcpts(const struct frame *f, struct envelope *env, struct err *e)
{
	struct envelope_rcpt *r = NULL;
	struct field_walk w;
	struct field field;
	uint32_t seen = 0;
	int n;

	if (has_type(f, SUBMIT_RCPTS, e) == -1)
		return -1;
	field_walk_init(&w, f);
	while ((n = next_once(&w, &field, &seen, e)) == 1) {
		if (field.tag == SF_RCPT) {
			/* Another recipient may have the same fields again. */
			seen = 0;
			if ((r = get_rcpt(&field, env, e)) == NULL)
				return -1;
		} else if (r == NULL) {
			return malformed(e, "a field has no recipient");
		} else if (get_rcpt_field(&field, r, e) == -1) {
			return -1;
		}
	}
	return n;
}

int
submit_get_greeting(
    const struct frame *f, uint64_t *version, uint64_t *size_max, struct err *e)
{
	struct field_walk w;
	struct field field;

	if (has_type(f, SUBMIT_GREETING, e) == -1)
		return -1;
	field_walk_init(&w, f);
	if (field_next(&w, &field) != 1 || field.tag != SF_VERSION ||
	    field_u64(&field, version) == -1)
		return malformed(e, "the greeting lacks its version");
	if (field_next(&w, &field) != 1 || field.tag != SF_SIZE_MAX ||
	    field_u64(&field, size_max) == -1)
		return malformed(e, "the greeting lacks its size");
	/* What a newer daemon adds is not for us. */
	return 0;
}

int
submit_get_end(const struct frame *f, uint64_t *size, struct err *e)
{
	struct field_walk w;
	struct field field;

	if (has_type(f, SUBMIT_END, e) == -1)
		return -1;
	field_walk_init(&w, f);
	if (field_next(&w, &field) != 1 || field.tag != SF_SIZE ||
	    field_u64(&field, size) == -1 || w.left != 0)
		return malformed(e, "its end lacks the size");
	return 0;
}

static int
get_accepted(
    const struct frame *f, char queue_id[QUEUE_ID_LEN + 1], struct err *e)
{
	struct field_walk w;
	struct field field;

	field_walk_init(&w, f);
	if (field_next(&w, &field) != 1 || field.tag != SF_QUEUE_ID ||
	    field.len != QUEUE_ID_LEN || w.left != 0)
		return malformed(e, "the answer lacks its queue id");
	memcpy(queue_id, field.value, QUEUE_ID_LEN);
	queue_id[QUEUE_ID_LEN] = '\0';
	if (strspn(queue_id, "0123456789ABCDEF") != QUEUE_ID_LEN)
		return malformed(e, "the queue id is none");
	return 0;
}

/* The field with that tag as text into a fixed array. */
static int
get_text_into(
    struct field_walk *w, uint8_t tag, char *to, size_t size, struct err *e)
{
	struct field f;
	char *s;

	if (field_next(w, &f) != 1 || f.tag != tag)
		return malformed(e, "the refusal lacks its reason");
	if (get_text(&f, size - 1, &s, e) == -1)
		return -1;
	memcpy(to, s, f.len + 1);
	free(s);
	return 0;
}

static int
get_refused(const struct frame *f, struct err *why, struct err *e)
{
	struct field_walk w;
	struct field field;
	uint64_t class;

	err_clear(why);
	field_walk_init(&w, f);
	if (field_next(&w, &field) != 1 || field.tag != SF_CLASS ||
	    get_number(&field, ERR_LOCAL, &class, e) == -1 || class == ERR_NONE)
		return malformed(e, "the refusal lacks its class");
	why->class = (enum err_class) class;
	if (get_text_into(&w, SF_STATUS, why->status, sizeof(why->status), e) ==
		-1 ||
	    get_text_into(&w, SF_TEXT, why->text, sizeof(why->text), e) == -1)
		return -1;
	return w.left == 0 ? 0 : malformed(e, "the refusal goes on");
}

int
submit_get_answer(const struct frame *f, char queue_id[QUEUE_ID_LEN + 1],
    struct err *why, struct err *e)
{
	if (f->type == SUBMIT_ACCEPTED)
		return get_accepted(f, queue_id, e);
	if (f->type != SUBMIT_REFUSED)
		return malformed(e, "the daemon's answer is none");
	return get_refused(f, why, e) == -1 ? -1 : 1;
}
