/* SPDX-License-Identifier: ISC */
/* The frame ORIGIN: anybody may send one, so reading is strict. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_origin.h"

enum {
	TAG_TOKEN = 1,
	TAG_LISTENER,
	TAG_CLIENT,
	TAG_SMTPD,
	TAG_LOGIN = 20,
	TAG_SENDERS
};

static int
put_text(struct buf *b, uint8_t tag, const char *text)
{
	return text == NULL ? 0 : field_put_str(b, tag, text);
}

int
origin_put(struct buf *b, const struct submit_origin *o)
{
	ssize_t start = frame_begin(b, SUBMIT_ORIGIN);

	if (start == -1 ||
	    field_put(b, TAG_TOKEN, o->token, sizeof(o->token)) == -1 ||
	    field_put_str(b, TAG_LISTENER, o->listener) == -1 ||
	    field_put_str(b, TAG_CLIENT, o->client) == -1 ||
	    field_put_u64(b, TAG_SMTPD, (uint64_t)o->smtpd) == -1 ||
	    client_words_put_fields(b, &o->words) == -1 ||
	    put_text(b, TAG_LOGIN, o->login) == -1 ||
	    put_text(b, TAG_SENDERS, o->senders) == -1)
		return -1;
	return frame_end(b, start);
}

void
origin_clear(struct submit_origin *o)
{
	free(o->listener);
	free(o->client);
	free(o->login);
	free(o->senders);
	explicit_bzero(o, sizeof(*o));
}

static int
take_text(char **to, const struct field *x)
{
	return *to == NULL && (*to = field_str(x)) != NULL ? 0 : -1;
}

static int
take_pid(pid_t *to, const struct field *x)
{
	uint64_t n;

	if (*to != 0 || field_u64(x, &n) == -1 || n == 0 || n > INT_MAX)
		return -1;
	*to = (pid_t)n;
	return 0;
}

static int
take(struct submit_origin *o, const struct field *x, bool *has_token,
    struct client_words_reading *words)
{
	switch (x->tag) {
	case TAG_TOKEN:
		if (*has_token || x->len != sizeof(o->token))
			return -1;
		memcpy(o->token, x->value, sizeof(o->token));
		*has_token = true;
		return 0;
	case TAG_LISTENER:
		return take_text(&o->listener, x);
	case TAG_CLIENT:
		return take_text(&o->client, x);
	case TAG_SMTPD:
		return take_pid(&o->smtpd, x);
	case TAG_LOGIN:
		return take_text(&o->login, x);
	case TAG_SENDERS:
		return take_text(&o->senders, x);
	default:
		return client_words_take_field(words, x);
	}
}

int
origin_get(const struct frame *f, struct submit_origin *o, struct err *e)
{
	struct client_words_reading words = { &o->words, 0 };
	bool has_token = false;
	struct field_walk w;
	struct field x;
	int rc;

	memset(o, 0, sizeof(*o));
	field_walk_init(&w, f);
	while ((rc = field_next(&w, &x)) == 1)
		if (take(o, &x, &has_token, &words) == -1)
			break;
	if (rc == 0 && has_token && o->listener != NULL && o->client != NULL &&
	    o->smtpd != 0)
		return 0;
	origin_clear(o);
	return err_set(
	    e, ERR_PERM, "5.5.0", "the submission's origin is malformed");
}
