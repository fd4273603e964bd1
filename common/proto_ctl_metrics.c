/* SPDX-License-Identifier: ISC */
/* DEPTH, LEDGER and HOST of the control contract, beside proto_ctl.c. */
#include "config.h"

#include <sys/types.h>

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item depth_items[] = {
	STR(1, ctl_depth, account, false),
	STR(2, ctl_depth, state, true),
	NUM(3, ctl_depth, messages, 0, UINT64_MAX),
	NUM(4, ctl_depth, octets, 0, UINT64_MAX),
};

static const struct fieldmap_item ledger_items[] = {
	STR(1, ctl_ledger, account, true),
	NUM(2, ctl_ledger, delivered, 0, UINT64_MAX),
	NUM(3, ctl_ledger, deferred, 0, UINT64_MAX),
	NUM(4, ctl_ledger, uncertain, 0, UINT64_MAX),
	NUM(5, ctl_ledger, bounced, 0, UINT64_MAX),
	NUM(6, ctl_ledger, expired, 0, UINT64_MAX),
	NUM(7, ctl_ledger, removed, 0, UINT64_MAX),
};

static const struct fieldmap_item host_items[] = {
	NUM(1, ctl_host, started_at, 0, INT64_MAX),
	NUM(2, ctl_host, queue_size, 0, UINT64_MAX),
	NUM(3, ctl_host, queue_free, 0, UINT64_MAX),
	NUM(4, ctl_host, drop_size, 0, UINT64_MAX),
	NUM(5, ctl_host, drop_free, 0, UINT64_MAX),
	NUM(6, ctl_host, free_min, 0, UINT64_MAX),
	NUM(7, ctl_host, has_drops, 0, 1),
	NUM(8, ctl_host, drops_waiting, 0, UINT64_MAX),
	NUM(9, ctl_host, drops_aside, 0, UINT64_MAX),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
put_row(struct buf *b, enum ctl_type type, const struct fieldmap_item *items,
    size_t n, const void *from)
{
	size_t before = b->len;
	ssize_t start = frame_begin(b, type);

	if (start == -1 || fieldmap_put(b, items, n, from) == -1 ||
	    frame_end(b, start) == -1) {
		buf_truncate(b, before);
		return -1;
	}
	return 0;
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
ctl_depth_clear(struct ctl_depth *d)
{
	fieldmap_clear(depth_items, COUNT(depth_items), d);
	memset(d, 0, sizeof(*d));
}

int
ctl_put_depth(struct buf *b, const struct ctl_depth *d)
{
	return put_row(b, CTL_DEPTH, depth_items, COUNT(depth_items), d);
}

int
ctl_get_depth(const struct frame *f, struct ctl_depth *d, struct err *e)
{
	struct fieldmap m = { depth_items, COUNT(depth_items), d, 0 };

	memset(d, 0, sizeof(*d));
	if (get_row(f, CTL_DEPTH, &m, e) == 0)
		return 0;
	ctl_depth_clear(d);
	return -1;
}

void
ctl_ledger_clear(struct ctl_ledger *l)
{
	fieldmap_clear(ledger_items, COUNT(ledger_items), l);
	memset(l, 0, sizeof(*l));
}

int
ctl_put_ledger(struct buf *b, const struct ctl_ledger *l)
{
	return put_row(b, CTL_LEDGER, ledger_items, COUNT(ledger_items), l);
}

int
ctl_get_ledger(const struct frame *f, struct ctl_ledger *l, struct err *e)
{
	struct fieldmap m = { ledger_items, COUNT(ledger_items), l, 0 };

	memset(l, 0, sizeof(*l));
	if (get_row(f, CTL_LEDGER, &m, e) == 0)
		return 0;
	ctl_ledger_clear(l);
	return -1;
}

int
ctl_put_host(struct buf *b, const struct ctl_host *h)
{
	return put_row(b, CTL_HOST, host_items, COUNT(host_items), h);
}

int
ctl_get_host(const struct frame *f, struct ctl_host *h, struct err *e)
{
	struct fieldmap m = { host_items, COUNT(host_items), h, 0 };

	memset(h, 0, sizeof(*h));
	return get_row(f, CTL_HOST, &m, e);
}
