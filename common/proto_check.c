/* SPDX-License-Identifier: ISC */
/* The contract with a checker of passwords, by tables. */
#include "config.h"

#include <string.h>
#include <syslog.h>

#include "common/fieldmap.h"
#include "common/proto_check.h"
#include "common/users.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

#define TAG_VERSION 1

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct fieldmap_item of_setup[] = {
	NUM(2, check_setup, sandbox, 0, SANDBOX_OFF),
	NUM(3, check_setup, log_target, 0, CONF_LOG_FILE),
	NUM(4, check_setup, log_level, 0, LOG_DEBUG),
};

static const struct fieldmap_item of_login[] = {
	STR(2, check_login, login, true),
	STR(3, check_login, password, true),
};

static const struct fieldmap_item of_outcome[] = {
	NUM(2, check_outcome, result, 0, CHECK_UNABLE),
	STR(3, check_outcome, login, false),
	STR(4, check_outcome, senders, false),
	NUM(5, check_outcome, line, 0, UINT32_MAX),
	STR(6, check_outcome, why, false),
};
/* clang-format on */

static int
put(struct buf *b, enum check_type type, const struct fieldmap_item *items,
    size_t n, const void *from)
{
	ssize_t start = frame_begin(b, (uint8_t)type);

	if (start == -1 || field_put_u64(b, TAG_VERSION, CHECK_VERSION) == -1 ||
	    fieldmap_put(b, items, n, from) == -1)
		return -1;
	return frame_end(b, start);
}

static int
get(const struct frame *f, enum check_type type,
    const struct fieldmap_item *items, size_t n, void *into, struct err *e)
{
	static const struct fieldmap_item version_item = { TAG_VERSION,
		FIELD_NUMBER, 0, sizeof(uint64_t), CHECK_VERSION, CHECK_VERSION,
		true };
	uint64_t version;
	struct fieldmap t[2] = {
		{ &version_item, 1, &version, 0 },
		{ items, n, into, 0 },
	};

	if (f->type != type)
		return fieldmap_malformed(e, "another frame was due", 0);
	return fieldmap_get(f, t, 2, e);
}

int
check_put_setup(struct buf *b, const struct check_setup *s)
{
	return put(b, CHECK_SETUP, of_setup, COUNT(of_setup), s);
}

int
check_put_login(struct buf *b, const struct check_login *l)
{
	return put(b, CHECK_LOGIN, of_login, COUNT(of_login), l);
}

int
check_put_outcome(struct buf *b, const struct check_outcome *o)
{
	return put(b, CHECK_OUTCOME, of_outcome, COUNT(of_outcome), o);
}

int
check_get_setup(const struct frame *f, struct check_setup *s, struct err *e)
{
	memset(s, 0, sizeof(*s));
	return get(f, CHECK_SETUP, of_setup, COUNT(of_setup), s, e);
}

int
check_get_login(const struct frame *f, struct check_login *l, struct err *e)
{
	memset(l, 0, sizeof(*l));
	if (get(f, CHECK_LOGIN, of_login, COUNT(of_login), l, e) == 0)
		return 0;
	check_login_clear(l);
	return -1;
}

/* It goes into headers' judgement and logs: only a login is one. */
static int
judge_outcome(const struct check_outcome *o, struct err *e)
{
	if (o->login != NULL && !users_is_login(o->login, strlen(o->login)))
		return fieldmap_malformed(e, "a login", 3);
	if (o->login == NULL && o->result == CHECK_RIGHT)
		return fieldmap_malformed(e, "who has signed in", 3);
	return 0;
}

int
check_get_outcome(const struct frame *f, struct check_outcome *o, struct err *e)
{
	memset(o, 0, sizeof(*o));
	if (get(f, CHECK_OUTCOME, of_outcome, COUNT(of_outcome), o, e) == 0 &&
	    judge_outcome(o, e) == 0)
		return 0;
	check_outcome_clear(o);
	return -1;
}

void
check_login_clear(struct check_login *l)
{
	if (l->login != NULL)
		explicit_bzero(l->login, strlen(l->login));
	if (l->password != NULL)
		explicit_bzero(l->password, strlen(l->password));
	fieldmap_clear(of_login, COUNT(of_login), l);
}

void
check_outcome_clear(struct check_outcome *o)
{
	fieldmap_clear(of_outcome, COUNT(of_outcome), o);
}
