/* SPDX-License-Identifier: ISC */
/* SESSION of the control contract, beside the others (proto_ctl.c). */
#include "config.h"

#include <sys/types.h>

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item session_items[] = {
	STR(1, ctl_session, account, true),
	STR(2, ctl_session, relay, false),
	STR(3, ctl_session, address, false),
	STR(4, ctl_session, said, false),
	STR(5, ctl_session, tls, false),
	STR(6, ctl_session, cipher, false),
	STR(7, ctl_session, issuer, false),
	NUM(8, ctl_session, cert_until, 0, INT64_MAX),
	STR(9, ctl_session, offers, false),
	NUM(10, ctl_session, size_max, 0, UINT64_MAX),
	STR(11, ctl_session, user, false),
	STR(12, ctl_session, phase, false),
	NUM(13, ctl_session, code, 0, 999),
	STR(14, ctl_session, status, false),
	STR(15, ctl_session, text, false),
	STR(16, ctl_session, meaning, false),
	STR(17, ctl_session, fix, false),
	STR(18, ctl_session, probe.took, false),
	STR(19, ctl_session, probe.sender, false),
	STR(20, ctl_session, probe.phase, false),
	NUM(21, ctl_session, probe.code, 0, 999),
	STR(22, ctl_session, probe.status, false),
	STR(23, ctl_session, probe.text, false),
	STR(24, ctl_session, probe.meaning, false),
	STR(25, ctl_session, probe.fix, false),
	NUM(26, ctl_session, server_at, 0, INT64_MAX),
	NUM(27, ctl_session, greeted_at, 0, INT64_MAX),
};
/* clang-format on */

#define ITEMS (sizeof(session_items) / sizeof(session_items[0]))

void
ctl_session_clear(struct ctl_session *s)
{
	fieldmap_clear(session_items, ITEMS, s);
	memset(s, 0, sizeof(*s));
}

int
ctl_put_session(struct buf *b, const struct ctl_session *s)
{
	ssize_t start = frame_begin(b, CTL_SESSION);

	if (start == -1 || fieldmap_put(b, session_items, ITEMS, s) == -1)
		return -1;
	return frame_end(b, start);
}

int
ctl_get_session(const struct frame *f, struct ctl_session *s, struct err *e)
{
	struct fieldmap t[1] = { { session_items, ITEMS, s, 0 } };

	memset(s, 0, sizeof(*s));
	if (f->type != CTL_SESSION)
		return err_set(e, ERR_LOCAL, "5.5.0",
		    "frame %u in place of a session", f->type);
	if (fieldmap_get(f, t, 1, e) == 0)
		return 0;
	ctl_session_clear(s);
	return -1;
}
