/* SPDX-License-Identifier: ISC */
/* LISTENER of the control contract, beside the others (proto_ctl.c). */
#include "config.h"

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

#define PORT_MAX 65535

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item listener_items[] = {
	STR(1, ctl_listener, name, true),
	STR(2, ctl_listener, address, true),
	NUM(3, ctl_listener, port, 1, PORT_MAX),
	NUM(4, ctl_listener, is_lent, 0, 1),
	STR(5, ctl_listener, state, true),
	NUM(6, ctl_listener, since, 0, INT64_MAX),
	STR(7, ctl_listener, text, false),
	STR(8, ctl_listener, fix, false),
	STR(9, ctl_listener, tls, true),
	STR(10, ctl_listener, tls_min, false),
	STR(11, ctl_listener, auth, true),
	NUM(12, ctl_listener, connections, 0, UINT64_MAX),
	NUM(13, ctl_listener, connections_max, 0, UINT64_MAX),
	NUM(14, ctl_listener, messages, 0, UINT64_MAX),
	NUM(15, ctl_listener, turned_away, 0, UINT64_MAX),
	NUM(16, ctl_listener, refused, 0, UINT64_MAX),
	STR(17, ctl_listener, pair, false),
	NUM(18, ctl_listener, pair_since, 0, INT64_MAX),
	STR(19, ctl_listener, pair_text, false),
	STR(20, ctl_listener, pair_fix, false),
	NUM(21, ctl_listener, ends_at, 0, INT64_MAX),
	NUM(22, ctl_listener, is_soon, 0, 1),
	STR(23, ctl_listener, ends, false),
	STR(24, ctl_listener, ends_fix, false),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void
ctl_listener_clear(struct ctl_listener *l)
{
	fieldmap_clear(listener_items, COUNT(listener_items), l);
	memset(l, 0, sizeof(*l));
}

int
ctl_put_listener(struct buf *b, const struct ctl_listener *l)
{
	ssize_t start = frame_begin(b, CTL_LISTENER);

	if (start == -1 ||
	    fieldmap_put(b, listener_items, COUNT(listener_items), l) == -1)
		return -1;
	return frame_end(b, start);
}

int
ctl_get_listener(const struct frame *f, struct ctl_listener *l, struct err *e)
{
	struct fieldmap m = { listener_items, COUNT(listener_items), l, 0 };

	memset(l, 0, sizeof(*l));
	if (f->type != CTL_LISTENER)
		return err_set(e, ERR_LOCAL, "5.5.0",
		    "frame %u where %u was due", f->type, CTL_LISTENER);
	if (fieldmap_get(f, &m, 1, e) == 0)
		return 0;
	ctl_listener_clear(l);
	return -1;
}
