/* SPDX-License-Identifier: ISC */
/* TOKEN and EXPIRY of the control contract, beside the others (proto_ctl.c). */
#include "config.h"

#include <sys/types.h>

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item token_items[] = {
	STR(1, ctl_token, account, true),
	STR(2, ctl_token, grant, true),
	NUM(3, ctl_token, until, 0, INT64_MAX),
	NUM(4, ctl_token, refreshed_at, 0, INT64_MAX),
	NUM(5, ctl_token, next_at, 0, INT64_MAX),
	NUM(6, ctl_token, failures, 0, UINT64_MAX),
	STR(7, ctl_token, text, false),
	STR(8, ctl_token, fix, false),
	STR(9, ctl_token, meaning, false),
	STR(10, ctl_token, aud, false),
	STR(11, ctl_token, roles, false),
	STR(12, ctl_token, scp, false),
	STR(13, ctl_token, appid, false),
	STR(14, ctl_token, oid, false),
	STR(15, ctl_token, tid, false),
	STR(16, ctl_token, upn, false),
	STR(17, ctl_token, doubt, false),
	STR(18, ctl_token, doubt_fix, false),
	NUM(19, ctl_token, server_at, 0, INT64_MAX),
	NUM(20, ctl_token, asked_at, 0, INT64_MAX),
};

static const struct fieldmap_item expiry_items[] = {
	STR(1, ctl_expiry, account, true),
	STR(2, ctl_expiry, what, true),
	NUM(3, ctl_expiry, at, 1, INT64_MAX),
	STR(4, ctl_expiry, source, true),
	STR(5, ctl_expiry, text, false),
	STR(6, ctl_expiry, fix, false),
	NUM(7, ctl_expiry, is_soon, 0, 1),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
put_row(struct buf *b, enum ctl_type type, const struct fieldmap_item *items,
    size_t n, const void *from)
{
	ssize_t start = frame_begin(b, type);

	if (start == -1 || fieldmap_put(b, items, n, from) == -1)
		return -1;
	return frame_end(b, start);
}

static int
get_row(const struct frame *f, enum ctl_type type, struct fieldmap *m,
    struct err *e)
{
	if (f->type != type)
		return err_set(e, ERR_LOCAL, "5.5.0",
		    "frame %u where %u was due", f->type, type);
	return fieldmap_get(f, m, 1, e);
}

void
ctl_token_clear(struct ctl_token *t)
{
	fieldmap_clear(token_items, COUNT(token_items), t);
	memset(t, 0, sizeof(*t));
}

int
ctl_put_token(struct buf *b, const struct ctl_token *t)
{
	return put_row(b, CTL_TOKEN, token_items, COUNT(token_items), t);
}

int
ctl_get_token(const struct frame *f, struct ctl_token *t, struct err *e)
{
	struct fieldmap m = { token_items, COUNT(token_items), t, 0 };

	memset(t, 0, sizeof(*t));
	if (get_row(f, CTL_TOKEN, &m, e) == 0)
		return 0;
	ctl_token_clear(t);
	return -1;
}

void
ctl_expiry_clear(struct ctl_expiry *x)
{
	fieldmap_clear(expiry_items, COUNT(expiry_items), x);
	memset(x, 0, sizeof(*x));
}

int
ctl_put_expiry(struct buf *b, const struct ctl_expiry *x)
{
	return put_row(b, CTL_EXPIRY, expiry_items, COUNT(expiry_items), x);
}

int
ctl_get_expiry(const struct frame *f, struct ctl_expiry *x, struct err *e)
{
	struct fieldmap m = { expiry_items, COUNT(expiry_items), x, 0 };

	memset(x, 0, sizeof(*x));
	if (get_row(f, CTL_EXPIRY, &m, e) == 0)
		return 0;
	ctl_expiry_clear(x);
	return -1;
}
